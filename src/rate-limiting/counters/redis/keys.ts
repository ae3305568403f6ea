import { type Subject, type SubjectKind } from '../../domain/caller.js';
import { type CounterRef } from '../../domain/counters.js';

/**
 * The one place that builds Redis keys. All of them carry one hash tag, so that a script may touch any of them
 * together. What is counted stands under its epoch, `cuota:{0}:<epoch>:user:<id>:2026-11-01`: what an emptied or older
 * Redis still holds of a former one is never read.
 */
const PREFIX = 'cuota:{0}:';

/** Names the epoch of this server's data. */
export const EPOCH_KEY = `${PREFIX}epoch`;

const SUBJECT_KINDS: readonly SubjectKind[] = [
  'user',
  'apiKey',
  'workspace',
  'workflow',
  'session',
  'system',
];

/** Sorted set of the live reservations. */
export function liveKey(epoch: string): string {
  return `${PREFIX}${epoch}:live`;
}

/** The hash of one counter. Ids are escaped, so that none can pass for another's key. */
export function counterKey(
  epoch: string,
  { subject, window }: Pick<CounterRef, 'subject' | 'window'>,
): string {
  return `${PREFIX}${epoch}:${subject.kind}:${encodeURIComponent(subject.id)}:${encodeURIComponent(window)}`;
}

/** What the keys of an epoch's counters begin with. */
export function counterPrefixes(epoch: string): string[] {
  return SUBJECT_KINDS.map((kind) => `${PREFIX}${epoch}:${kind}:`);
}

/** The token bucket of one caller. */
export function bucketKey(bucket: string): string {
  return `${PREFIX}bucket:${encodeURIComponent(bucket)}`;
}

/** The subject and window of a counter's key. */
export function parseCounterKey(key: string): { subject: Subject; window: string } | undefined {
  const [, kindText, id, window] = key.slice(PREFIX.length).split(':');
  const kind = SUBJECT_KINDS.find((known) => known === kindText);
  if (!kind || id === undefined || window === undefined) return undefined;
  return { subject: { kind, id: decodeURIComponent(id) }, window: decodeURIComponent(window) };
}
