import { type UsageKey } from '../rate-limiting/index.js';

import { IsGroupBy, UsageRowsQuery } from './usage-rows.query.js';
import { HeldTo } from '../input-rules.js';
import { DaysOfCaller } from './usage-days.rule.js';

const KEYS = ['day', 'operation', 'provider', 'model'] as const;

/** Own usage, by day unless something else is said. */
@HeldTo(DaysOfCaller)
export class UsageHistoryQuery extends UsageRowsQuery {
  @IsGroupBy(KEYS)
  groupBy: readonly UsageKey[] = ['day'];
}
