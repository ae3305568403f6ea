import { IsIn, Matches } from 'class-validator';

import { MayBeAbsent } from '../../identity/index.js';
import { USAGE_KEYS, type UsageKey } from '../../rate-limiting/index.js';
import { IsGroupBy, UsageRowsQuery } from '../../usage/index.js';

const FORMATS = ['table', 'json', 'csv'] as const;
export type ReportFormat = (typeof FORMATS)[number];

/** What `report usage` takes: as the report over HTTP, and a month for short. */
export class ReportForm extends UsageRowsQuery {
  @MayBeAbsent()
  @Matches(/^[1-9]\d{3}-(0[1-9]|1[0-2])$/, { message: 'month must be YYYY-MM, such as 2026-11' })
  month?: string;

  @IsGroupBy(USAGE_KEYS)
  groupBy: readonly UsageKey[] = [];

  @IsIn(FORMATS)
  format: ReportFormat = 'table';
}
