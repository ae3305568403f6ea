import { type UsageKey, type UsageSums } from '../rate-limiting/index.js';
import { shownKey } from './usage-rows.dto.js';

const SUMS = ['calls', 'inputTokens', 'outputTokens', 'totalTokens', 'costUsd'] as const;
const NEEDS_QUOTES = /[",\r\n]/;
/** What a spreadsheet would take for a formula; ids of workflows and models are other people's text. */
const STARTS_FORMULA = /^[=+\-@\t\r\n]/;

/** Usage as CSV (RFC 4180): a header, then a text for every batch of rows. A key that is null is an empty field. */
export async function* usageCsv(
  groupBy: readonly UsageKey[],
  batches: AsyncIterable<readonly UsageSums[]>,
): AsyncGenerator<string, void, undefined> {
  let header = `${[...groupBy, ...SUMS].join(',')}\r\n`;
  for await (const batch of batches) {
    yield header + batch.map((row) => lineOf(row, groupBy)).join('');
    header = '';
  }
  if (header !== '') yield header;
}

function lineOf(row: UsageSums, groupBy: readonly UsageKey[]): string {
  const keys = groupBy.map((key, index) => field(shownKey(key, row.keys[index] ?? null) ?? ''));
  return `${[...keys, ...SUMS.map((sum) => row[sum])].join(',')}\r\n`;
}

function field(text: string): string {
  const safe = STARTS_FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
