import { Injectable } from '@nestjs/common';

import { RedisConnection } from '../../../database/index.js';

import { PLAIN_KEYS } from './keys.js';
import { ObservedEpoch } from './observed-epoch.js';

/** How many calls are in flight, and how many of these are past their deadline. */
export interface ReservationCounts {
  readonly live: number;
  readonly overdue: number;
}

/** Counts the reservations of all instances. Only Redis knows them: counters in memory are the server's own. */
@Injectable()
export class ReservationCountsStore {
  constructor(private readonly redis: RedisConnection) {}

  /** Nothing without Redis, and where no server counts in it. @throws what the connection throws */
  async count(): Promise<ReservationCounts | undefined> {
    const { client } = this.redis;
    const epoch = client && (await new ObservedEpoch(client).open());
    if (!client || epoch === undefined) return undefined;
    const [seconds, micros] = await client.time();
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    const key = PLAIN_KEYS.live(epoch);
    const [live, overdue] = await Promise.all([client.zcard(key), client.zcount(key, '-inf', nowMs)]);
    return { live, overdue };
  }
}
