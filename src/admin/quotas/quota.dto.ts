import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateBy } from 'class-validator';

import { ExpiresLater, IsInstant, IsLine, MayBeAbsent } from '../../identity/index.js';
import {
  GRANTED_UNITS,
  type GrantedUnit,
  parseUsd,
  RESET_SCOPES,
  resetFaults,
  type ResetScope,
} from '../../rate-limiting/index.js';
import { HeldTo } from '../../input-rules.js';
import { GrantEnd } from './grant-end.rule.js';

const MOST = 1e15;

/** Whose quota begins anew. */
@HeldTo({ reads: ['scope'], faultsIn: resetFaults })
export class ResetQuotaDto {
  @ApiProperty({ enum: RESET_SCOPES })
  @IsIn(RESET_SCOPES)
  scope!: ResetScope;

  @ApiPropertyOptional({
    description:
      'Whose: of a user, API key, workspace or workflow (of everybody who uses the workflow’s id, or of one: `user:<id>:<workflow>`). Not for all.',
  })
  @MayBeAbsent()
  @IsLine(600)
  id?: string;

  @ApiProperty({ maxLength: 500, description: 'Why: kept in the audit log.' })
  @IsLine(500)
  reason!: string;
}

/** What a reset took back. */
export class QuotaResetView {
  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: RESET_SCOPES })
  scope!: ResetScope;

  @ApiProperty({ description: 'Of how many something was taken back; of all, how many users.' })
  subjects!: number;

  @ApiProperty({ description: 'Calls that no longer count.' })
  calls!: number;

  @ApiProperty()
  tokens!: number;

  @ApiProperty({ example: '1.25' })
  costUsd!: string;
}

/** The amount of a grant in its unit: a whole number, or of money a decimal string. */
export function grantedAmount(unit: GrantedUnit, amount: unknown): number | undefined {
  if (unit === 'cost') return typeof amount === 'string' ? parseUsd(amount) || undefined : undefined;
  return Number.isSafeInteger(amount) && Number(amount) > 0 && Number(amount) <= MOST
    ? Number(amount)
    : undefined;
}

/** More room for a user in the current period. */
@HeldTo(ExpiresLater, GrantEnd)
export class GrantQuotaDto {
  @ApiProperty()
  @IsLine(200)
  userId!: string;

  @ApiProperty({ enum: GRANTED_UNITS })
  @IsIn(GRANTED_UNITS)
  unit!: GrantedUnit;

  @ApiProperty({
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    description: 'A whole number above 0; of cost a decimal string of USD.',
    example: 50_000,
  })
  @ValidateBy({
    name: 'isGrantedAmount',
    validator: {
      validate: (amount, args) =>
        args?.object instanceof GrantQuotaDto && grantedAmount(args.object.unit, amount) !== undefined,
      defaultMessage: () =>
        '$property must be a whole number above 0, or for cost a string with an amount of USD such as "12.50"',
    },
  })
  amount!: number | string;

  @ApiPropertyOptional({
    format: 'date-time',
    description:
      'Unset: the end of the user’s period, which it may not pass; of tokens in a rolling window 30 days.',
  })
  @MayBeAbsent()
  @IsInstant()
  expiresAt?: string;

  @ApiProperty({ maxLength: 500, description: 'Why: kept in the audit log.' })
  @IsLine(500)
  reason!: string;
}

export class QuotaGrantView {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  userId!: string;

  @ApiProperty({ enum: GRANTED_UNITS })
  unit!: string;

  @ApiProperty({ oneOf: [{ type: 'integer' }, { type: 'string' }] })
  amount!: number | string;

  @ApiProperty({ example: '2026-11-01', description: 'The period that it holds in, by its first day.' })
  period!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}
