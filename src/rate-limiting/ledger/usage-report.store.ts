import { Injectable } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { type ApiKeyId, type UserId } from '../domain/ids.js';

import { sqlFile } from './sql-file.js';

const OF_USER = sqlFile('usage-totals', { whose: 'user_id = $3' });
const OF_API_KEY = sqlFile('usage-totals', { whose: 'api_key_id = $3' });
const OF_BOTH = sqlFile('usage-totals', { whose: 'user_id = $3 AND api_key_id = $4' });

/** What was used; money in nano-dollars. */
export interface UsageTotal {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly costNanoUsd: number;
}

export interface UsageTotals {
  readonly byOperation: readonly (UsageTotal & { readonly operation: string })[];
  readonly byProvider: readonly (UsageTotal & { readonly provider: string })[];
}

/** Whose usage: a user's, a key's, or what a user spent by one key. */
export type UsageOwner =
  | { readonly userId: UserId; readonly apiKeyId?: ApiKeyId }
  | { readonly userId?: undefined; readonly apiKeyId: ApiKeyId };

interface TotalRow {
  readonly operation: string | null;
  readonly provider: string | null;
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  readonly cost_nano_usd: number;
}

/** Sums of one caller's usage, out of the daily roll-up. */
@Injectable()
export class UsageReportStore {
  constructor(private readonly pool: SqlPool) {}

  /** Totals of `[firstDay, endDay)`, days of the user's own zone, by operation and by provider in their names' order. */
  async totalsOf(owner: UsageOwner, firstDay: string, endDay: string): Promise<UsageTotals> {
    const rows = await this.rowsOf(owner, [firstDay, endDay]);
    return {
      byOperation: rows.flatMap(({ operation, ...sums }) =>
        operation === null ? [] : [{ operation, ...totalOf(sums) }],
      ),
      byProvider: rows.flatMap(({ provider, ...sums }) =>
        provider === null ? [] : [{ provider, ...totalOf(sums) }],
      ),
    };
  }

  private rowsOf({ userId, apiKeyId }: UsageOwner, days: readonly string[]): Promise<TotalRow[]> {
    if (userId === undefined) return this.pool.query<TotalRow>(OF_API_KEY, [...days, apiKeyId]);
    if (apiKeyId === undefined) return this.pool.query<TotalRow>(OF_USER, [...days, userId]);
    return this.pool.query<TotalRow>(OF_BOTH, [...days, userId, apiKeyId]);
  }
}

function totalOf(row: Omit<TotalRow, 'operation' | 'provider'>): UsageTotal {
  return {
    calls: row.calls,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    totalTokens: row.total_tokens,
    costNanoUsd: row.cost_nano_usd,
  };
}
