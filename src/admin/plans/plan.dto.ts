import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsObject, IsOptional, Matches, Max, Min } from 'class-validator';

import {
  type EndpointRates,
  IsLine,
  MayBeAbsent,
  PageView,
  type PlanRow,
  PlanView,
  QUOTA_WINDOWS,
  type QuotaWindow,
} from '../../identity/index.js';
import { HeldTo } from '../../input-rules.js';
import { given, LimitFieldsDto, limitFieldsFrom } from '../limits/limit-fields.dto.js';

import { EndpointRatesHold } from './endpoint-rates.rule.js';

const MOST = 1_000_000_000;
const MOST_RATE = 1_000_000;

/** What may be changed of a plan. What is left out stays. */
@HeldTo(EndpointRatesHold)
export class PatchPlanDto extends LimitFieldsDto {
  @ApiPropertyOptional({ maxLength: 100, example: 'Pro' })
  @MayBeAbsent()
  @IsLine(100)
  name?: string;

  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: 0,
    maximum: MOST,
    description: 'The most output tokens of one call. 0 and null set none.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MOST)
  maxOutputTokens?: number | null;

  @ApiPropertyOptional({ enum: QUOTA_WINDOWS, default: 'calendar' })
  @MayBeAbsent()
  @IsIn(QUOTA_WINDOWS)
  quotaWindow?: QuotaWindow;

  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: MOST_RATE })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_RATE)
  requestsPerMinute?: number | null;

  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: MOST_RATE })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_RATE)
  burst?: number | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['requestsPerMinute', 'burst'],
      properties: {
        requestsPerMinute: { type: 'integer', minimum: 1 },
        burst: { type: 'integer', minimum: 1 },
      },
    },
    example: { 'POST /v1/chat/completions': { requestsPerMinute: 60, burst: 10 } },
    description: 'Rates by method and route, of routes that there are; replaced as a whole.',
  })
  @MayBeAbsent()
  @IsObject()
  endpointRates?: EndpointRates;
}

/** A new plan. */
export class CreatePlanDto extends PatchPlanDto {
  @ApiProperty({ example: 'team', description: 'A slug.' })
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, {
    message: '$property must be a slug: up to 64 of a-z, 0-9 and -, not beginning with -',
  })
  id!: string;
}

export class PlanPage extends PageView(PlanView) {}

/** A plan with what the body says, and the rest as it was. */
export function planFrom(body: PatchPlanDto, former: PlanRow, now: Date): PlanRow {
  return {
    id: former.id,
    ...limitFieldsFrom(body, former),
    name: body.name ?? former.name,
    maxOutputTokens: given(body.maxOutputTokens, former.maxOutputTokens),
    quotaWindow: body.quotaWindow ?? former.quotaWindow,
    requestsPerMinute: given(body.requestsPerMinute, former.requestsPerMinute),
    burst: given(body.burst, former.burst),
    endpointRates: body.endpointRates ?? former.endpointRates,
    createdAt: former.createdAt,
    updatedAt: now,
  };
}
