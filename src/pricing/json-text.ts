import { isRecord } from '../json-object.js';

/** A value as JSON text. JSON that is nested too deep for the serialiser is spelled out without its brackets' order. */
export function jsonText(value: unknown): string {
  try {
    return stringify(value);
  } catch {
    return spelledOut(value);
  }
}

function spelledOut(value: unknown): string {
  const parts: string[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      parts.push('[],');
      for (const item of next) open.push(item);
    } else if (isRecord(next)) {
      parts.push('{},');
      for (const [key, item] of Object.entries(next)) {
        parts.push(`"${key}":,`);
        open.push(item);
      }
    } else parts.push(`${stringify(next)},`);
  }
  return parts.join('');
}

/** `undefined` and functions have no JSON. */
function stringify(value: unknown): string {
  return value === undefined || typeof value === 'function' ? '' : JSON.stringify(value);
}
