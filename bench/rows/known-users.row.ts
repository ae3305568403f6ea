import { randomUUID } from 'node:crypto';

import { type Redis } from 'ioredis';

import { counterRef } from '../../src/rate-limiting/claims.js';
import { PLAIN_KEYS } from '../../src/rate-limiting/counters/redis/keys.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { startRedis, type TestRedis } from '../../test/support/redis.js';
import { type Figure } from '../figures.js';
import { inFlight } from '../load.js';
import { connectRedis } from '../redis-client.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { countersOf, reserveCommand, type SampleCaller } from '../sample-call.js';

const SIZES = [1_000, 100_000, 1_000_000];
const QUICK_SIZES = [1_000, 10_000];
const PER_BATCH = 5_000;

interface Population {
  readonly users: number;
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly store: RedisCounterStore;
}

/** Whether a reserve costs more where more users are known. */
export const knownUsersRow: Row = {
  letter: 'h',
  title: 'reserve among many known users',
  async open(pace: Pace): Promise<OpenRow> {
    const all: Population[] = [];
    for (const users of pace.quick ? QUICK_SIZES : SIZES) all.push(await populate(users));
    await measure(all, pace);
    return {
      round: () => measure(all, pace),
      async close() {
        for (const { redis, server } of all) {
          redis.disconnect();
          await server.stop();
        }
      },
    };
  },
};

async function measure(all: readonly Population[], { ms }: Pace): Promise<Figure[]> {
  const figures: Figure[] = [];
  let fewest: number | undefined;
  for (const { users, redis, store } of all) {
    const { perSecond } = await inFlight(64, ms, () => reserveOfAnyone(store, users));
    await redis.del(PLAIN_KEYS.live(''));
    const known = `${users.toLocaleString('en')} known users`;
    if (fewest === undefined) figures.push({ name: `reserves a second, ${known}`, value: perSecond });
    else {
      figures.push({ name: `${known} ÷ fewest`, value: perSecond / fewest, target: { atLeast: 0.9 } });
    }
    fewest ??= perSecond;
  }
  return figures;
}

async function reserveOfAnyone(store: RedisCounterStore, users: number): Promise<void> {
  const caller = callerAt(Math.floor(Math.random() * users));
  const answer = await store.reserve(reserveCommand(countersOf(caller)));
  if (answer.kind !== 'reserved') throw new Error(`A reserve was ${answer.kind}.`);
}

const SALT = randomUUID().slice(12);

/** Ids as long as real ones, made from a number, so that a million need not be remembered. */
function callerAt(index: number): SampleCaller {
  const id = index.toString(16).padStart(12, '0') + SALT;
  return { userId: `u${id.slice(1)}`, apiKeyId: `k${id.slice(1)}` };
}

/** A counter as `reserve.lua` packs it, with something used of four units. */
const WARM = `redis.call('SET', KEYS[1],
  cmsgpack.pack(1794000000000000, 1234567, 0, 4321, 0, 987654321, 0, 4000, 0), 'PXAT', ARGV[1])`;

/** Writes warm counters by hand: loading a million of them one by one would take minutes. */
async function populate(users: number): Promise<Population> {
  const server = await startRedis();
  const redis = await connectRedis(server.url);
  const sha = String(await redis.script('LOAD', WARM));
  for (let from = 0; from < users; from += PER_BATCH) {
    const pipeline = redis.pipeline();
    for (let index = from; index < Math.min(users, from + PER_BATCH); index++) {
      for (const counter of countersOf(callerAt(index)).map(counterRef)) {
        pipeline.evalsha(sha, 1, PLAIN_KEYS.counter('', counter), counter.expiresAtMs);
      }
    }
    await pipeline.exec();
  }
  return { users, server, redis, store: new RedisCounterStore(redis) };
}
