import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsNumber, Max, Min } from 'class-validator';

import { MayBeAbsent, PageQuery, PageView, type Shown } from '../../identity/index.js';
import {
  formatUsd,
  type NearLimit,
  type Unit,
  USAGE_KEYS,
  type UsageKey,
  type UserNearLimit,
} from '../../rate-limiting/index.js';
import { DaysOfAll, IsGroupBy, UsageRowsQuery } from '../../usage/index.js';
import { HeldTo } from '../../input-rules.js';

const FORMATS = ['json', 'csv'] as const;

/** Usage over all users; one row of totals unless something is said of groupBy. */
@HeldTo(DaysOfAll)
export class UsageReportQuery extends UsageRowsQuery {
  @IsGroupBy(USAGE_KEYS)
  groupBy: readonly UsageKey[] = [];

  @ApiPropertyOptional({ enum: FORMATS, default: 'json', description: 'csv: all rows, without pages.' })
  @IsIn(FORMATS)
  format: (typeof FORMATS)[number] = 'json';
}

export class NearLimitQueryDto extends PageQuery {
  @ApiPropertyOptional({
    default: 0.8,
    minimum: 0.01,
    maximum: 100,
    description: 'The share of a limit: 0.8 is four fifths of it.',
  })
  @MayBeAbsent()
  @Type(() => Number)
  @IsNumber()
  @Min(0.01)
  @Max(100)
  threshold: number = 0.8;
}

/** The API key that a limit is of. */
export class NearLimitKeyView {
  @ApiProperty()
  id!: string;

  @ApiProperty({ example: 'staging' })
  name!: string;
}

/** A monthly limit that is used so far. */
export class NearLimitView {
  @ApiProperty({ example: 'user.month.tokens' })
  name!: string;

  @ApiProperty({ type: String, example: 'tokens' })
  unit!: Unit;

  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }], description: 'Money as a decimal string.' })
  max!: number | string;

  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }] })
  used!: number | string;

  @ApiProperty({ example: 0.93, description: 'used ÷ max' })
  share!: number;

  @ApiPropertyOptional({
    type: NearLimitKeyView,
    description: 'Only of apiKey.month.…: the key whose limit it is.',
  })
  apiKey?: NearLimitKeyView;
}

export class UserNearLimitView {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  email!: string;

  @ApiProperty()
  planId!: string;

  @ApiProperty({ example: '2026-11-01', description: 'The first day of the user’s period' })
  period!: string;

  @ApiProperty({ type: [NearLimitView], description: 'The most used first.' })
  limits!: NearLimitView[];
}

export class NearLimitPage extends PageView(UserNearLimitView) {}

export function userNearLimitView({ limits, ...user }: UserNearLimit): Shown<UserNearLimitView> {
  return { ...user, limits: limits.map(nearLimitView) };
}

function nearLimitView({ unit, max, used, apiKey }: NearLimit): Shown<NearLimitView> {
  const amount = (value: number) => (unit === 'cost' ? formatUsd(value) : value);
  const share = Math.round((used / max) * 10_000) / 10_000;
  const state = { unit, max: amount(max), used: amount(used), share };
  return apiKey
    ? { name: `apiKey.month.${unit}`, ...state, apiKey }
    : { name: `user.month.${unit}`, ...state };
}
