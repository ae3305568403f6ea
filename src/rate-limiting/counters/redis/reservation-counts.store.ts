import { Injectable } from '@nestjs/common';

import { RedisConnection } from '../../../database/index.js';

import { type ShardKeys, shardKeys } from './keys.js';
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

  /**
   * Nothing without Redis, and where no server counts in it. On a cluster, a call that is held in several shards counts
   * in each. @throws what the connection throws
   */
  async count(): Promise<ReservationCounts | undefined> {
    if (!this.redis.configured) return undefined;
    const counts = await Promise.all(shardKeys(this.redis).map((keys) => this.countIn(keys)));
    const known = counts.filter((count) => count !== undefined);
    if (known.length === 0) return undefined;
    return {
      live: known.reduce((sum, { live }) => sum + live, 0),
      overdue: known.reduce((sum, { overdue }) => sum + overdue, 0),
    };
  }

  private async countIn(keys: ShardKeys): Promise<ReservationCounts | undefined> {
    const open = await new ObservedEpoch(this.redis.shard(keys.tag), keys).look();
    if (!open) return undefined;
    const { server, epoch } = open;
    const [seconds, micros] = await server.time();
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    const key = keys.live(epoch);
    const [live, overdue] = await Promise.all([server.zcard(key), server.zcount(key, '-inf', nowMs)]);
    return { live, overdue };
  }
}
