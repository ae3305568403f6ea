import { type ChangeFeed, type RedisConnection } from '../../database/index.js';
import { type Clock } from '../domain/clock.js';
import { type CounterStore } from '../domain/counters.js';
import { type InstanceRoster } from '../instances/instance-roster.store.js';
import { type KeptReservations } from '../kept-reservations.js';
import { type LiveReservations } from '../live-reservations.js';

import { standingEpoch } from './redis/epoch.js';
import { clusterKeys, PLAIN_KEYS, type ShardKeys, shardKeys } from './redis/keys.js';
import { ObservedCounterStore } from './redis/observed-counter.store.js';
import { ObservedEpoch } from './redis/observed-epoch.js';
import { RedisCounterStore } from './redis/redis-counter.store.js';
import { type HeldReservations, RedisEpoch } from './redis/redis-epoch.js';
import { counterPlace } from './sharded/counter-shard.js';
import { ShardReservations } from './sharded/shard-reservations.js';
import { ShardedCounterStore } from './sharded/sharded-counter.store.js';

export interface RedisCountersInput {
  readonly redis: RedisConnection;
  readonly roster: InstanceRoster;
  readonly live: LiveReservations;
  readonly kept: KeptReservations;
  readonly feed: ChangeFeed;
  readonly reservationTtlMs: number;
}

/** Counters in Redis: one shard on one server, many on a cluster. Where Redis is not there yet, the calls say so. */
export async function redisCounters(input: RedisCountersInput): Promise<CounterStore> {
  const { redis, live, kept } = input;
  if (!redis.cluster) return newShard(input, PLAIN_KEYS, heldHere(live, kept));
  const keys = clusterKeys();
  const shards = keys.map((own, place) => {
    const held = new ShardReservations(live, place, (counter) => counterPlace(counter, keys.length), kept);
    return newShard(input, own, held);
  });
  // A bucket needs no epoch, and must be there for the first call after a failover: redirections may be followed.
  const buckets = keys.map((own) => new RedisCounterStore(redis.runner(own.tag), standingEpoch(own)));
  return new ShardedCounterStore(await Promise.all(shards), buckets);
}

/** The servers' counters, for a process that looks at them and has them read anew, but holds no calls. */
export function observedCounters(redis: RedisConnection, clock: Clock): CounterStore {
  const [only, ...others] = shardKeys(redis).map((keys) => {
    const server = redis.shard(keys.tag);
    return new ObservedCounterStore(server, new ObservedEpoch(server, keys), clock);
  });
  return only && others.length === 0 ? only : new ShardedCounterStore(only ? [only, ...others] : []);
}

function heldHere(live: LiveReservations, kept: KeptReservations): HeldReservations {
  return {
    holds: () => live.holds(),
    has: (id) => live.has(id),
    rehold: (hold) => {
      live.rehold(hold);
    },
    kept: () => kept.holds(),
  };
}

async function newShard(
  { redis, roster, feed, reservationTtlMs }: RedisCountersInput,
  keys: ShardKeys,
  held: HeldReservations,
): Promise<RedisCounterStore> {
  const server = redis.shard(keys.tag);
  const epoch = new RedisEpoch({ server, keys, roster, held, feed, reservationTtlMs });
  // Before the first call comes.
  await epoch.current().catch(() => undefined);
  return new RedisCounterStore(server, epoch);
}
