import { type Fault } from './errors.js';

/** What no text of PostgreSQL holds: NUL, and half a surrogate pair, which is no character. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const EACH_UNSTORABLE = new RegExp(UNSTORABLE, 'gu');

/**
 * The fields of an input that hold what cannot be stored, anywhere in them. What is ours to store is refused for it, whether
 * this call stores it or not, so that a caller meets one rule; what others answer is mended (`storable`).
 */
export function unstorableFields(input: object): Fault[] {
  return Object.entries(input)
    .filter((field) => isUnstorable(field))
    .map(([path]) => ({ path, message: 'must hold neither NUL nor half a character (a lone surrogate)' }));
}

/** A text of others as it can be stored: with U+FFFD for what cannot. */
export function storable(text: string): string {
  return text.replace(EACH_UNSTORABLE, '\u{fffd}');
}

function isUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return UNSTORABLE.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) => UNSTORABLE.test(name) || isUnstorable(part));
}
