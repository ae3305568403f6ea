import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { ChangeFeed, RedisConnection } from '../../database/index.js';
import { CounterStore } from '../domain/counters.js';

import { InvalidationQueue } from './invalidation-queue.js';
import { QUOTA_RESET } from './quota-resets.js';

/**
 * Resets that another process made, such as the command line. Counters in Redis were told by who made the reset; those in
 * this process's memory hear of it here, or of the feed's interruption, in which a reset may have been missed. All of
 * them are read anew: resets are rare, and a counter's reading is short.
 */
@Injectable()
export class HeardResets implements OnModuleInit, OnModuleDestroy {
  private readonly queue = new InvalidationQueue(new Logger(HeardResets.name));
  private readonly stops: (() => unknown)[] = [];

  constructor(
    private readonly feed: ChangeFeed,
    private readonly store: CounterStore,
    private readonly redis: RedisConnection,
  ) {}

  onModuleInit(): void {
    if (this.redis.configured) return;
    const readAnew = () => void this.queue.run(() => this.store.invalidateAll());
    const changed = this.feed.onChange(({ kind }) => {
      if (kind === QUOTA_RESET) readAnew();
    });
    this.stops.push(changed, this.feed.onInterruption(readAnew));
  }

  onModuleDestroy(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.queue.close();
  }
}
