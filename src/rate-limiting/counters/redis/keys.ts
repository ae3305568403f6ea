import { type Subject, type SubjectKind } from '../../domain/caller.js';
import { type CounterRef } from '../../domain/counters.js';

const SUBJECT_KINDS: readonly SubjectKind[] = [
  'user',
  'apiKey',
  'workspace',
  'workflow',
  'session',
  'system',
];

/**
 * The one place that builds Redis keys. All keys of a shard carry one hash tag, so that a script may touch any of them
 * together. What is counted stands under its epoch, `cuota:{0}:<epoch>:user:<id>:2026-11-01`: what an emptied or older
 * Redis still holds of a former one is never read.
 */
export class ShardKeys {
  private readonly prefix: string;
  /** Names the epoch of this shard's data. */
  readonly epoch: string;

  /** @param tag what Redis Cluster finds the slot by. */
  constructor(readonly tag: string) {
    this.prefix = `cuota:{${tag}}:`;
    this.epoch = `${this.prefix}epoch`;
  }

  /** Sorted set of the live reservations. */
  live(epoch: string): string {
    return `${this.prefix}${epoch}:live`;
  }

  /** The hash of one counter. Ids are escaped, so that none can pass for another's key. */
  counter(epoch: string, { subject, window }: Pick<CounterRef, 'subject' | 'window'>): string {
    const { kind, id } = subject;
    return `${this.prefix}${epoch}:${kind}:${encodeURIComponent(id)}:${encodeURIComponent(window)}`;
  }

  /** What the keys of an epoch's counters begin with. */
  counterPrefixes(epoch: string): string[] {
    return SUBJECT_KINDS.map((kind) => `${this.prefix}${epoch}:${kind}:`);
  }

  /** The token bucket of one caller. */
  bucket(bucket: string): string {
    return `${this.prefix}bucket:${encodeURIComponent(bucket)}`;
  }

  /** The subject and window of a counter's key. */
  parseCounter(key: string): { subject: Subject; window: string } | undefined {
    const [, kindText, id, window] = key.slice(this.prefix.length).split(':');
    const kind = SUBJECT_KINDS.find((known) => known === kindText);
    if (!kind || id === undefined || window === undefined) return undefined;
    return { subject: { kind, id: decodeURIComponent(id) }, window: decodeURIComponent(window) };
  }
}

/** A plain Redis is one shard. */
export const PLAIN_KEYS = new ShardKeys('0');
