import { Injectable } from '@nestjs/common';

import { RedisConnection } from '../../database/index.js';
import { ReservationCountsStore } from '../../rate-limiting/index.js';

/** Where figures of the current period come from; only Redis tells what calls in flight hold. */
export type UsageSource = 'redis' | 'ledger';

/** Finds out who knows the current period: the counters in Redis, where servers count in it, else the ledger. */
@Injectable()
export class CurrentUsage {
  constructor(
    private readonly redis: RedisConnection,
    private readonly counts: ReservationCountsStore,
  ) {}

  async source(): Promise<UsageSource> {
    if (!(await this.redis.ready())) return 'ledger';
    return (await this.counts.count()) ? 'redis' : 'ledger';
  }
}

interface Reserving {
  readonly reserved: number | string;
}

/** A limit; `reserved` is null where only the server knows. */
export type LimitShown<View extends Reserving> = Omit<View, 'reserved'> & {
  readonly reserved: Reserving['reserved'] | null;
};

export function limitShown<View extends Reserving>(limit: View, source: UsageSource): LimitShown<View> {
  return { ...limit, reserved: source === 'redis' ? limit.reserved : null };
}
