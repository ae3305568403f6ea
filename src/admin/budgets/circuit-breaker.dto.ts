import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';

import { IsLine, type Shown } from '../../identity/index.js';
import { type BudgetsStanding, type BudgetStanding, formatUsd } from '../../rate-limiting/index.js';

/** Why the circuit breaker is closed. */
export class ResetCircuitBreakerDto {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 500,
    description: 'Why: kept in the audit log.',
  })
  @IsOptional()
  @IsLine(500)
  reason?: string | null;
}

/** What all callers together spent in the clock hour. */
export class HourBudgetView {
  @ApiProperty({ example: '12.5' })
  usedUsd!: string;

  @ApiProperty({ example: '0.25', description: 'Held by calls in flight.' })
  reservedUsd!: string;

  @ApiProperty({ example: '50', description: 'HOURLY_BUDGET_USD; 0 is no limit.' })
  limitUsd!: string;

  @ApiProperty({ format: 'date-time' })
  resetAt!: string;
}

/** The circuit breaker, and what all callers together spent. */
export class CircuitBreakerView {
  @ApiProperty({ enum: ['open', 'closed'], description: 'Open: every call is refused.' })
  state!: 'open' | 'closed';

  @ApiProperty({ example: '61.75', description: 'Spent since it was last closed.' })
  usedUsd!: string;

  @ApiProperty({ example: '0.25', description: 'Held by calls in flight.' })
  reservedUsd!: string;

  @ApiProperty({ example: '100', description: 'CIRCUIT_BREAKER_USD; 0 is no limit.' })
  limitUsd!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'What was spent from here on counts; null where it was never closed.',
  })
  since!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  openedAt!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it closes by itself, and counts anew.',
  })
  closesAt!: string | null;

  @ApiProperty({ type: HourBudgetView })
  hour!: HourBudgetView;
}

/** Shows what the budgets of the system stand at. */
export function circuitBreakerView({
  breaker,
  sinceClosed,
  hour,
}: BudgetsStanding): Shown<CircuitBreakerView> {
  const open = breaker.kind === 'open' ? breaker : undefined;
  return {
    state: breaker.kind,
    ...amountsOf(sinceClosed),
    since: breaker.sinceMs > 0 ? new Date(breaker.sinceMs).toISOString() : null,
    openedAt: open ? new Date(open.openedAtMs).toISOString() : null,
    closesAt: open ? new Date(open.closesAtMs).toISOString() : null,
    hour: { ...amountsOf(hour), resetAt: new Date(hour.window.resetsAtMs).toISOString() },
  };
}

function amountsOf({ usedNanoUsd, reservedNanoUsd, maxNanoUsd }: BudgetStanding) {
  return {
    usedUsd: formatUsd(usedNanoUsd),
    reservedUsd: formatUsd(reservedNanoUsd),
    limitUsd: formatUsd(maxNanoUsd),
  };
}
