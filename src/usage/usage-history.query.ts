import { type UsageKey } from '../rate-limiting/index.js';

import { IsGroupBy, UsageRowsQuery } from './usage-rows.query.js';

const KEYS = ['day', 'operation', 'provider', 'model'] as const;

/** Own usage, by day unless something else is said. */
export class UsageHistoryQuery extends UsageRowsQuery {
  @IsGroupBy(KEYS)
  groupBy: readonly UsageKey[] = ['day'];
}
