import { type ThrottlerStorage } from '@nestjs/throttler';

import { type CounterStore } from '../../rate-limiting/domain/counters.js';

/** What @nestjs/throttler expects of a storage. */
type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/**
 * @nestjs/throttler over our token buckets: `limit` is the bucket's capacity and `ttl` the time in which an empty one
 * fills, so that a caller is never let go twice its rate at a window's edge.
 */
export class BucketThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly store: CounterStore) {}

  /** @returns times in seconds, as the throttler has them. */
  async increment(key: string, ttl: number, limit: number): Promise<ThrottlerRecord> {
    const answer = await this.store.takePermits({
      bucket: key,
      permits: 1,
      burst: limit,
      refillPerSec: (limit * 1000) / ttl,
    });
    return {
      totalHits: limit - answer.remaining,
      timeToExpire: Math.ceil(answer.fullAfterMs / 1000),
      isBlocked: !answer.taken,
      timeToBlockExpire: answer.retryAfterMs / 1000,
    };
  }
}
