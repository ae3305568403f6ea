import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';

import { PLAIN_KEYS } from '../../src/rate-limiting/counters/redis/keys.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import {
  claim,
  counterOf,
  describeCounterStore,
  held,
  reserveLoading,
  reserveOf,
  START,
} from './counter-store.contract.js';

describeWithRedis('Redis', () => {
  let server: TestRedis;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    await redis.quit();
    await server.stop();
  });

  describeCounterStore('Redis', (clock) => new RedisCounterStore(redis, undefined, () => clock.now()));

  it('holds the 8 limits of a call in one round trip', async () => {
    const store = new RedisCounterStore(redis);
    const claims = [
      claim('tokens', 100, 1),
      claim('calls', 100, 1),
      claim('cost', 100, 1),
      claim('llm_call', 100, 1),
    ];
    const command = reserveOf([
      { counter: counterOf('one-trip-user'), claims },
      { counter: counterOf('one-trip-key'), claims },
    ]);
    await held(store, command);
    const before = await scriptCalls();
    await held(store, reserveOf(command.counters));
    expect((await scriptCalls()) - before).toBe(1);
  });

  it('keeps a bucket while the clock that it is kept by stands still', async () => {
    const clock = new FrozenClock(START);
    const store = new RedisCounterStore(redis, undefined, () => clock.now());
    const take = { bucket: 'still', permits: 1, burst: 1, refillPerSec: 100 };
    expect(await store.takePermits(take)).toMatchObject({ taken: true });
    const since = performance.now();
    await until('it would be full by the server’s own clock', () => performance.now() - since > 30);
    expect(await store.takePermits(take)).toMatchObject({ taken: false, retryAfterMs: 10 });
    clock.advance(10);
    expect(await store.takePermits(take)).toMatchObject({ taken: true });
  });

  it('sends a script again when Redis forgot it', async () => {
    const store = new RedisCounterStore(redis);
    const counters = [{ counter: counterOf('forgetful'), claims: [claim('calls', 10, 1)] }];
    await held(store, reserveOf(counters));
    await redis.script('FLUSH');
    expect((await store.reserve(reserveOf(counters))).kind).toBe('reserved');
  });

  it('G5: an emptied Redis makes a counter cold, and what is settled meanwhile is not added to nothing', async () => {
    const clock = new FrozenClock(START);
    const store = new RedisCounterStore(redis, undefined, () => clock.now());
    const counter = counterOf('flushed');
    const hold = await held(store, reserveOf([{ counter, claims: [claim('calls', 10, 1)] }]), { calls: 9 });
    await redis.flushall();
    expect(await store.settle(hold, [{ calls: 1 }])).toBe(false);
    expect((await store.reserve(reserveOf([{ counter, claims: [claim('calls', 10, 1)] }]))).kind).toBe(
      'cold',
    );
  });

  it.each(['settle', 'release'] as const)(
    'G5: follows into the new epoch where %s finds no hold, since Redis was emptied unnoticed',
    async (verb) => {
      const epoch = {
        keys: PLAIN_KEYS,
        known: 'first' as string | undefined,
        turns: 0,
        current: () => Promise.resolve((epoch.known = 'second')),
        lost: () => (epoch.known = undefined),
      };
      await redis.set(PLAIN_KEYS.open, 'first');
      const store = new RedisCounterStore(redis, epoch);
      const hold = await held(
        store,
        reserveOf([{ counter: counterOf('followed'), claims: [claim('calls', 10, 1)] }]),
      );
      await redis.flushall();
      await redis.set(PLAIN_KEYS.open, 'second');
      const ended = verb === 'settle' ? store.settle(hold, [{ calls: 1 }]) : store.release(hold);
      expect(await ended).toBe(false);
      expect(epoch.known).toBe('second');
    },
  );

  it('keeps a counter in one small string and lets it expire', async () => {
    const store = new RedisCounterStore(redis);
    const counter = counterOf(randomUUID());
    const units = ['tokens', 'calls', 'cost', 'script_generation', 'image_generation', 'llm_call'] as const;
    const claims = units.map((unit) => claim(unit, 0, 9_000));
    const hold = await held(store, reserveOf([{ counter, claims }]), {
      tokens: 1_234_567,
      cost: 4e9,
      calls: 9_999,
    });
    await store.settle(hold, [{ tokens: 1, calls: 1 }]);
    const key = PLAIN_KEYS.counter('', counter);
    expect(await redis.object('ENCODING', key)).toBe('embstr');
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it('keeps amounts to the last, as large as a number holds exactly', async () => {
    const store = new RedisCounterStore(redis);
    const counter = counterOf('exact');
    const used = { tokens: 2 ** 53 - 3, cost: 4_294_967_296, calls: 65_536, embedding: 127 };
    const command = reserveOf([{ counter, claims: [claim('tokens', 0, 2), claim('embedding', 0, 1)] }]);
    expect(await reserveLoading(store, command, used)).toMatchObject({
      states: [
        [
          { used: 2 ** 53 - 3, reserved: 2 },
          { used: 127, reserved: 1 },
        ],
      ],
    });
    const [answer] = await store.read([counter]);
    expect(answer).toMatchObject({ state: { used, reserved: { tokens: 2, embedding: 1 } } });
  });

  async function scriptCalls(): Promise<number> {
    const stats = await redis.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_(?:evalsha|eval):calls=(\d+)/g)].map((match) =>
      Number(match[1]),
    );
    return calls.reduce((sum, count) => sum + count, 0);
  }
});
