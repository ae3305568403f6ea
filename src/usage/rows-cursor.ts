import { type KeyValues, type UsageKey } from '../rate-limiting/index.js';

import { isDay } from './usage-days.js';

const LONGEST_KEY = 1_000;
const ALWAYS_THERE: ReadonlySet<UsageKey> = new Set(['operation', 'provider', 'model', 'day', 'month']);

/** Where the next page begins: after the row with these keys. */
export function cursorOf(keys: KeyValues): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** The keys that a cursor of ours carries; `undefined` for what is none of a report grouped like this. */
export function keysOf(cursor: string, groupBy: readonly UsageKey[]): KeyValues | undefined {
  const values = parsed(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(values) || values.length !== groupBy.length || values.length === 0) return undefined;
  const keys = groupBy.flatMap((key, index) => keyOf(key, values[index]));
  return keys.length === groupBy.length ? keys : undefined;
}

/** A key's value in a list, or an empty list. */
function keyOf(key: UsageKey, value: unknown): KeyValues {
  if (value === null) return ALWAYS_THERE.has(key) ? [] : [null];
  if (key === 'day' || key === 'month') return isDay(value) ? [value] : [];
  const isText = typeof value === 'string' && value.length <= LONGEST_KEY && !value.includes('\0');
  return isText ? [value] : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
