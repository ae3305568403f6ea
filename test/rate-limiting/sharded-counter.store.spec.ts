import { type Cluster } from 'ioredis';

import { type LuaRunner } from '../../src/database/index.js';
import { standingEpoch } from '../../src/rate-limiting/counters/redis/epoch.js';
import { clusterKeys } from '../../src/rate-limiting/counters/redis/keys.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { counterPlace } from '../../src/rate-limiting/counters/sharded/counter-shard.js';
import { ShardedCounterStore } from '../../src/rate-limiting/counters/sharded/sharded-counter.store.js';
import { FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { type CounterRef } from '../../src/rate-limiting/domain/counters.js';
import { describeWithRedis } from '../support/redis.js';
import { startRedisCluster, type TestRedisCluster } from '../support/redis-cluster.js';

import {
  claim,
  counterOf,
  describeCounterStore,
  held,
  reserveLoading,
  reserveOf,
  START,
} from './counter-store.contract.js';

const KEYS = clusterKeys();

describeWithRedis('A Redis Cluster', () => {
  let servers: TestRedisCluster;
  let cluster: Cluster;
  let clock: FrozenClock;
  let names = 0;

  beforeAll(async () => {
    servers = await startRedisCluster();
    cluster = await servers.connect();
  }, 30_000);

  afterAll(async () => {
    await cluster.quit();
    await servers.stop();
  });

  beforeEach(() => {
    clock = new FrozenClock(START);
  });

  /** @param cut the places of shards that do not answer. */
  const storeOn = (time: FrozenClock, cut: ReadonlySet<number> = new Set()) =>
    new ShardedCounterStore(
      KEYS.map((keys, place) => {
        const runner: LuaRunner = {
          sendCommand: (command) =>
            cut.has(place) ? Promise.reject(new Error('cut off')) : cluster.sendCommand(command),
        };
        return new RedisCounterStore(runner, standingEpoch(keys), () => time.now());
      }),
    );

  describeCounterStore('A Redis Cluster', (time) => storeOn(time));

  /** Two counters in different shards, in the order in which these are asked. */
  function twoPlaces(): [CounterRef, CounterRef] {
    for (;;) {
      const pair = [counterOf(`first${++names}`), counterOf(`second${++names}`)] as const;
      const [one, two] = [placeOf(pair[0]), placeOf(pair[1])];
      if (one !== two) return one < two ? [...pair] : [pair[1], pair[0]];
    }
  }

  const placeOf = (counter: CounterRef) => counterPlace(counter, KEYS.length);
  const statesOf = async (store: ShardedCounterStore, counters: readonly CounterRef[]) =>
    (await store.read(counters)).map((answer) => (answer.kind === 'warm' ? answer.state.reserved : 'cold'));

  it('G1: a shard that granted more than a later one has room for gives the rest back', async () => {
    const store = storeOn(clock);
    const [one, two] = twoPlaces();
    const command = reserveOf(
      [
        { counter: one, claims: [claim('tokens', 1_000, 30, { perElastic: 1 })] },
        { counter: two, claims: [claim('tokens', 100, 30, { perElastic: 1 })] },
      ],
      { elastic: { min: 16, max: 500 } },
    );
    const answer = await reserveLoading(store, command);
    expect(answer).toMatchObject({ kind: 'reserved', granted: 70 });
    expect(answer).toHaveProperty('states', [[{ used: 0, reserved: 100 }], [{ used: 0, reserved: 100 }]]);
    expect(await statesOf(store, [one, two])).toEqual([{ tokens: 100 }, { tokens: 100 }]);
    if (answer.kind === 'reserved') expect(await store.settle(answer.hold, [{}, {}])).toBe(true);
    expect(await statesOf(store, [one, two])).toEqual([{}, {}]);
  });

  it('G2, G13: a denial names what all limits stand at, also in shards that were not asked to hold', async () => {
    const store = storeOn(clock);
    const [one, two] = twoPlaces();
    const full = [
      { counter: one, claims: [claim('calls', 1, 1)] },
      { counter: two, claims: [claim('calls', 1, 1)] },
    ];
    await held(store, reserveOf(full));
    const before = [[{ used: 0, reserved: 1 }], [{ used: 0, reserved: 1 }]];
    expect(await reserveLoading(store, reserveOf(full))).toEqual({ kind: 'denied', states: before });
    expect(await statesOf(store, [one, two])).toEqual([{ calls: 1 }, { calls: 1 }]);
  });

  it('G4: a hold in several shards is one when it is overdue', async () => {
    const store = storeOn(clock);
    const [one, two] = twoPlaces();
    const hold = await held(
      store,
      reserveOf(
        [
          { counter: one, claims: [claim('calls', 0, 1)] },
          { counter: two, claims: [claim('tokens', 0, 50)] },
        ],
        { ttlMs: 1_000 },
      ),
    );
    clock.advance(1_000);
    expect((await store.overdue(100)).filter(({ id }) => id === hold.id)).toEqual([hold]);
    await store.settle(hold, [{ calls: 1 }, { tokens: 50 }]);
    expect((await store.overdue(100)).filter(({ id }) => id === hold.id)).toEqual([]);
  });

  it('G2, G4: what one shard holds when the next does not answer is given back, now or when it is swept', async () => {
    const [one, two] = twoPlaces();
    const counters = [
      { counter: one, claims: [claim('calls', 1, 1)] },
      { counter: two, claims: [claim('calls', 1, 1)] },
    ];
    const healthy = storeOn(clock);
    await reserveLoading(healthy, reserveOf(counters)).then(
      (answer) => answer.kind === 'reserved' && healthy.release(answer.hold),
    );

    const cut = new Set([placeOf(two)]);
    await expect(storeOn(clock, cut).reserve(reserveOf(counters))).rejects.toThrow('cut off');
    expect(await statesOf(healthy, [one, two])).toEqual([{}, {}]);

    const hold = await held(healthy, reserveOf(counters, { ttlMs: 1_000 }));
    const [firstOnly] = hold.counters;
    if (!firstOnly) throw new Error('two counters were held');
    await healthy.release({ ...hold, counters: [firstOnly] });
    clock.advance(1_000);
    const [cutOff] = (await healthy.overdue(100)).filter(({ id }) => id === hold.id);
    expect(cutOff).toMatchObject({ parts: { missing: true }, counters: [{ counter: two }] });
    if (cutOff) await healthy.release(cutOff);
    expect(await statesOf(healthy, [one, two])).toEqual([{}, {}]);
  });

  it('G4: a hold whose other part cannot be asked for is left alone, and those of other shards are not', async () => {
    const [one, two] = twoPlaces();
    const counters = [
      { counter: one, claims: [claim('calls', 0, 1)] },
      { counter: two, claims: [claim('calls', 0, 1)] },
    ];
    const store = storeOn(clock);
    const split = await held(store, reserveOf(counters, { ttlMs: 1_000 }));
    const whole = await held(store, reserveOf(counters.slice(0, 1), { ttlMs: 1_000 }));
    clock.advance(1_000);
    const found = (await storeOn(clock, new Set([placeOf(two)])).overdue(100)).map(({ id }) => id);
    expect([found.includes(split.id), found.includes(whole.id)]).toEqual([false, true]);
  });
});
