import { type Logger } from '@nestjs/common';

import { countStoreFailure } from './rate-limiting.metrics.js';
import { type RateLimitingOptions } from './rate-limiting.options.js';

/** Tells of counters that cannot be reached: once a second, since a store that is down is met by every call. */
export class StoreTrouble {
  private tellAt = 0;

  constructor(
    private readonly logger: Logger,
    private readonly storeFailure: RateLimitingOptions['storeFailure'],
  ) {}

  /** A call met it. */
  met(error: unknown): void {
    countStoreFailure();
    const now = performance.now();
    if (now < this.tellAt) return;
    this.tellAt = now + 1_000;
    const what = this.storeFailure === 'closed' ? 'are denied' : 'go through uncounted';
    this.logger.warn({ err: error }, `The counters cannot be reached; calls ${what} (STORE_FAILURE).`);
  }
}
