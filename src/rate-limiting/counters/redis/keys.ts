import { type Subject, type SubjectKind } from '../../domain/caller.js';
import { type CounterRef } from '../../domain/counters.js';

/**
 * The one place that builds Redis keys. All of them carry one hash tag, so that a script may touch any of them
 * together: `cuota:{0}:user:<id>:2026-11-01`.
 */
const PREFIX = 'cuota:{0}:';

/** Sorted set of the live reservations. */
export const LIVE_KEY = `${PREFIX}live`;

const SUBJECT_KINDS: readonly SubjectKind[] = [
  'user',
  'apiKey',
  'workspace',
  'workflow',
  'session',
  'system',
];

/** The hash of one counter. Ids are escaped, so that none can pass for another's key. */
export function counterKey({ subject, window }: Pick<CounterRef, 'subject' | 'window'>): string {
  return `${PREFIX}${subject.kind}:${encodeURIComponent(subject.id)}:${encodeURIComponent(window)}`;
}

/** The token bucket of one caller. */
export function bucketKey(bucket: string): string {
  return `${PREFIX}bucket:${encodeURIComponent(bucket)}`;
}

/** The subject and window of a counter's key. */
export function parseCounterKey(key: string): { subject: Subject; window: string } | undefined {
  const [kindText, id, window] = key.slice(PREFIX.length).split(':');
  const kind = SUBJECT_KINDS.find((known) => known === kindText);
  if (!kind || id === undefined || window === undefined) return undefined;
  return { subject: { kind, id: decodeURIComponent(id) }, window: decodeURIComponent(window) };
}
