/** A part of a file: the first and the last of its bytes, counted from 0. */
export interface BytePart {
  readonly start: number;
  readonly end: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * Reads a `Range` header against a file's length, so that a player can seek: the part, `whole` where there is no header
 * or one of a kind that need not be understood (several parts, other units), `unsatisfiable` for one behind the end.
 */
export function byteRangeOf(header: string | undefined, bytes: number): BytePart | 'whole' | 'unsatisfiable' {
  const [, first = '', last = ''] = RANGE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') return lastBytes(Number(last), bytes);
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return 'whole';
  return start < bytes ? { start, end } : 'unsatisfiable';
}

function lastBytes(count: number, bytes: number): BytePart | 'unsatisfiable' {
  return count === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - count), end: bytes - 1 };
}
