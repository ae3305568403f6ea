import { type Redis } from 'ioredis';

import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { type CounterClaims, type UnitAmounts } from '../../src/rate-limiting/domain/counters.js';
import { type Unit } from '../../src/rate-limiting/domain/operation.js';
import { newReservationId } from '../../src/rate-limiting/reservation-ids.js';
import { startRedis } from '../../test/support/redis.js';
import { type Figure } from '../figures.js';
import { connectRedis } from '../redis-client.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { sampleCallers, type SampleCaller } from '../sample-call.js';
import { inBatches } from '../batches.js';

const USED: UnitAmounts = {
  tokens: 1_234_567,
  calls: 4_321,
  cost: 987_654_321,
  llm_call: 4_000,
  image_generation: 301,
  script_generation: 20,
};
const UNITS: readonly Unit[] = [
  'tokens',
  'calls',
  'cost',
  'llm_call',
  'image_generation',
  'script_generation',
];
const ROUTES = ['POST /v1/chat/completions', 'GET /me/usage'];
const DAY_MS = 86_400_000;

/** What Redis keeps of a user between two calls. */
export const redisBytesRow: Row = {
  letter: 'd',
  title: 'Redis bytes per active user',
  async open({ quick }: Pace): Promise<OpenRow> {
    const server = await startRedis();
    const redis = await connectRedis(server.url);
    return {
      round: () => measure(redis, quick ? 1_000 : 10_000),
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};

async function measure(redis: Redis, users: number): Promise<Figure[]> {
  await redis.flushall();
  const store = new RedisCounterStore(redis);
  const callers = sampleCallers(users);
  const before = await usedBytes(redis);
  await inBatches(callers, (caller) => useCounters(store, caller));
  const counted = await usedBytes(redis);
  await inBatches(callers, (caller) => takePermits(store, caller));
  const after = await usedBytes(redis);
  return [
    { name: 'bytes a user: 6 monthly counters', value: (counted - before) / users },
    { name: 'bytes a user: 2 buckets', value: (after - counted) / users },
    { name: 'bytes a user: both', value: (after - before) / users, target: { atMost: 350 } },
  ];
}

/** A reserve and a settle, so that the hash looks as it does in use. */
async function useCounters(store: RedisCounterStore, caller: SampleCaller): Promise<void> {
  const counters: CounterClaims[] = [
    {
      counter: {
        subject: { kind: 'user', id: caller.userId },
        window: '2026-11-01',
        expiresAtMs: Date.now() + 20 * DAY_MS,
      },
      claims: UNITS.map((unit) => ({ unit, max: 9e15, hard: true, base: 1, perElastic: 0 })),
    },
  ];
  const command = { id: newReservationId(Date.now()), ttlMs: 600_000, elastic: { min: 0, max: 0 }, counters };
  const cold = await store.reserve(command);
  if (cold.kind === 'cold') for (const one of cold.cold) await store.load(one, USED);
  const answer = await store.reserve(command);
  if (answer.kind !== 'reserved') throw new Error(`A reserve was ${answer.kind}.`);
  await store.settle(answer.hold, [{ tokens: 1, calls: 1 }]);
}

async function takePermits(store: RedisCounterStore, caller: SampleCaller): Promise<void> {
  for (const route of ROUTES) {
    const bucket = `endpoint:apiKey:${caller.apiKeyId}:${route}`;
    await store.takePermits({ bucket, permits: 1, burst: 60, refillPerSec: 0.01 });
  }
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}
