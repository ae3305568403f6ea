import { createHash } from 'node:crypto';

import { type RedisConnection, spreadTags } from '../../../database/index.js';
import { type CounterRef } from '../../domain/counters.js';

import { nameOf } from './counter-names.js';

/**
 * Changes with the layout of what is stored: another version of this program that runs at the same time, or ran before,
 * has keys of its own and is never misread. 1 had hashes; its keys began with `cuota:`.
 */
const FORMAT = 'cuota2';

/**
 * The one place that builds Redis keys. All keys of a shard carry one hash tag, so that a script may touch any of them
 * together. What is counted stands under its epoch, `cuota2:{0}:<epoch>:uanna:2026-11-01`: what an emptied or older
 * Redis still holds of a former one is never read.
 */
export class ShardKeys {
  private readonly prefix: string;
  /** Names the epoch of this shard's data. */
  readonly epoch: string;
  /** The epoch's name, where it is open. */
  readonly open: string;

  /** @param tag what Redis Cluster finds the slot by. */
  constructor(readonly tag: string) {
    this.prefix = `${FORMAT}:{${tag}}:`;
    this.epoch = `${this.prefix}epoch`;
    this.open = `${this.prefix}open`;
  }

  /** Sorted set of the live reservations. */
  live(epoch: string): string {
    return `${this.prefix}${epoch}:live`;
  }

  /** The packed string of one counter. */
  counter(epoch: string, counter: Pick<CounterRef, 'subject' | 'window'>): string {
    return `${this.prefix}${epoch}:.${nameOf(counter)}`;
  }

  /** What the keys of an epoch's counters begin with. */
  counterPrefix(epoch: string): string {
    return `${this.prefix}${epoch}:.`;
  }

  /** The token bucket of one caller. */
  bucket(bucket: string): string {
    return `${this.prefix}b${digestOf(bucket)}`;
  }
}

/** A plain Redis is one shard. */
export const PLAIN_KEYS = new ShardKeys('0');

/** More than a cluster has masters. Another number would look for what is counted, and held, in other places. */
const CLUSTER_SHARDS = 32;

/** The shards of a cluster, in the order of their places. */
export function clusterKeys(): ShardKeys[] {
  return spreadTags(CLUSTER_SHARDS).map((tag) => new ShardKeys(tag));
}

/** The shards that there are. */
export function shardKeys(redis: Pick<RedisConnection, 'cluster'>): ShardKeys[] {
  return redis.cluster ? clusterKeys() : [PLAIN_KEYS];
}

const MOST_REMEMBERED = 20_000;
const digests = new Map<string, string>();

/** 128 bits of SHA-256: caller and route are long, and nobody can make two that share a bucket. */
function digestOf(bucket: string): string {
  const known = digests.get(bucket);
  if (known !== undefined) return known;
  if (digests.size >= MOST_REMEMBERED) digests.clear();
  const digest = createHash('sha256').update(bucket).digest().toString('base64url', 0, 16);
  digests.set(bucket, digest);
  return digest;
}
