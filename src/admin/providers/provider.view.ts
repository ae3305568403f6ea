import { ApiProperty } from '@nestjs/swagger';

import { PageView, type Shown } from '../../identity/index.js';
import { type ListedModel, type PermitsStatus, type ProviderState } from '../../providers/index.js';
import { type Operation, OPERATIONS } from '../../rate-limiting/index.js';

export class ProviderFailureView {
  @ApiProperty({
    example: 'server_error',
    description: 'rate_limited, timeout, server_error, connection, rubbish or auth.',
  })
  reason!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: Date;
}

export class ProviderPermitsView {
  @ApiProperty({ type: Number, nullable: true, description: 'null where it has no rate.' })
  availablePermits!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 20 })
  ratePerSec!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'What its bucket holds at most.' })
  maxPermits!: number | null;

  @ApiProperty({ description: 'false where it has no rate, or limits are off.' })
  enabled!: boolean;
}

export class ProviderModelView {
  @ApiProperty({ example: 'gpt-4o-mini' })
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  alias!: string | null;

  @ApiProperty({ enum: OPERATIONS, isArray: true })
  operations!: Operation[];

  @ApiProperty({ type: Number, nullable: true })
  maxOutputTokens!: number | null;
}

/** One configured provider, as all instances see it. */
export class ProviderView {
  @ApiProperty({ example: 'openai' })
  name!: string;

  @ApiProperty({
    enum: ['available', 'cooling_down', 'half_open'],
    description: 'half_open: its rest is over, and the next call shows whether it is well.',
  })
  state!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Until when it cools down.',
  })
  until!: Date | null;

  @ApiProperty({ type: ProviderFailureView, nullable: true })
  lastError!: ProviderFailureView | null;

  @ApiProperty({ type: ProviderPermitsView })
  permits!: ProviderPermitsView;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { llm_call: 812.5, 'llm_call.first_byte': 240.1 },
    description: 'Moving averages in ms, of the last minutes; of a stream until its first chunk.',
  })
  latencyMs!: Record<string, number>;

  @ApiProperty({ type: [ProviderModelView] })
  models!: ProviderModelView[];
}

export class ProvidersPage extends PageView(ProviderView) {}

/** All that is told of one provider. */
export interface ProviderFacts {
  readonly name: string;
  readonly state: ProviderState;
  readonly permits: PermitsStatus;
  readonly models: readonly Omit<ListedModel, 'provider'>[];
}

export function providerView(
  { name, state, permits, models }: ProviderFacts,
  nowMs: number,
): Shown<ProviderView> {
  const { standing, restMs, lastFailure, latencies } = state;
  return {
    name,
    state: standing,
    until: standing === 'cooling_down' ? new Date(nowMs + restMs) : null,
    lastError: lastFailure ? { reason: lastFailure.reason, at: new Date(nowMs - lastFailure.agoMs) } : null,
    permits,
    latencyMs: Object.fromEntries(
      Object.entries(latencies).map(([measure, ms]) => [measure, Math.round(ms * 10) / 10]),
    ),
    models: models.map(({ alias = null, maxOutputTokens = null, ...model }) => ({
      name: model.name,
      alias,
      operations: [...model.operations],
      maxOutputTokens,
    })),
  };
}
