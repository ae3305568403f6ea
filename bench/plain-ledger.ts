import { type UsageEntry } from '../src/rate-limiting/domain/usage.js';
import { timeOf } from '../src/rate-limiting/reservation-ids.js';

const COLUMNS = [
  'id',
  'created_at',
  'user_id',
  'api_key_id',
  'operation',
  'provider',
  'model',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'calls',
  'operation_count',
  'cost_nano_usd',
  'status',
  'estimated',
  'soft_exceeded',
  'metadata',
  'estimated_tokens',
  'latency_ms',
  'day',
  'local_day',
  'month',
  'year',
];

/**
 * The ledger's row alone, prepared, each in a transaction of its own: less than ours writes, which rolls up by day and
 * by month in the same commit.
 */
export const INSERT_ROW = {
  name: 'bench-insert',
  text: `INSERT INTO token_usage (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, at) => `$${at + 1}`).join(', ')})`,
};

/** The same rows in one stream. */
export const COPY_ROW = `COPY token_usage (${COLUMNS.join(', ')}) FROM STDIN`;

export function insertValuesOf(entry: UsageEntry): (string | number | boolean | undefined)[] {
  const [year = '', month = ''] = entry.localDay.split('-');
  return [
    entry.id,
    new Date(timeOf(entry.id)).toISOString(),
    entry.caller.userId,
    entry.caller.apiKeyId,
    entry.operation,
    entry.provider,
    entry.model,
    entry.inputTokens,
    entry.outputTokens,
    entry.totalTokens,
    entry.calls,
    entry.operationCount,
    entry.costNanoUsd,
    entry.status,
    entry.estimated,
    entry.softExceeded,
    JSON.stringify(entry.metadata),
    entry.estimatedTokens,
    entry.latencyMs,
    entry.day,
    entry.localDay,
    Number(month),
    Number(year),
  ];
}

export function copyLineOf(entry: UsageEntry): string {
  return `${insertValuesOf(entry).map(String).join('\t')}\n`;
}
