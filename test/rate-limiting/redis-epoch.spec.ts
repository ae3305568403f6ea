import { Redis } from 'ioredis';

import { type Change } from '../../src/database/change-feed.js';
import { migrate } from '../../src/database/migrate.js';
import { PgSqlPool } from '../../src/database/pg-sql.pool.js';
import { SingleServer } from '../../src/database/shard-server.js';
import { PLAIN_KEYS } from '../../src/rate-limiting/counters/redis/keys.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { RedisEpoch } from '../../src/rate-limiting/counters/redis/redis-epoch.js';
import { InstanceRoster } from '../../src/rate-limiting/instances/instance-roster.store.js';
import { LiveReservations } from '../../src/rate-limiting/live-reservations.js';
import { type Reservation } from '../../src/rate-limiting/reservation.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import { claim, counterOf, reserveOf } from './counter-store.contract.js';

const TTL_MS = 60_000;

/** What an instance has of the counters, on a feed of the test's own. */
interface Instance {
  readonly epoch: RedisEpoch;
  readonly store: RedisCounterStore;
  readonly live: LiveReservations;
  readonly roster: InstanceRoster;
}

describeWithRedis('the epoch of a Redis that is emptied', () => {
  let postgres: TestPostgres;
  let server: TestRedis;
  let pool: PgSqlPool;
  let redis: Redis;
  let listeners: ((change: Change) => void)[];
  let told: Change[];
  let instances: Instance[];

  beforeAll(async () => {
    [postgres, server] = await Promise.all([startPostgres(), startRedis()]);
    await migrate(postgres.url);
    pool = new PgSqlPool({ url: postgres.url, maxConnections: 2, onIdleError: () => undefined });
    redis = new Redis(server.url);
  }, 60_000);

  afterAll(async () => {
    await redis.quit();
    await pool.close();
    await Promise.all([postgres.stop(), server.stop()]);
  });

  beforeEach(() => {
    listeners = [];
    told = [];
    instances = [];
  });

  afterEach(async () => {
    for (const { roster } of instances) await roster.onApplicationShutdown();
  });

  /** One that does not hear loses every notice to it. */
  async function newInstance({ hears = true, reservationTtlMs = TTL_MS } = {}): Promise<Instance> {
    const live = new LiveReservations();
    const roster = new InstanceRoster(pool);
    const feed = {
      publish: (change: Change) => {
        told.push(change);
        for (const hear of listeners) hear(change);
        return Promise.resolve();
      },
      onChange: (listener: (change: Change) => void) => {
        if (hears) listeners.push(listener);
        return () => undefined;
      },
      onInterruption: () => () => undefined,
    };
    const server = new SingleServer(redis);
    const input = { server, keys: PLAIN_KEYS, roster, held: live, feed, reservationTtlMs };
    const epoch = new RedisEpoch(input);
    const instance = { epoch, store: new RedisCounterStore(server, epoch), live, roster };
    instances.push(instance);
    await epoch.current();
    return instance;
  }

  it('G4: registers a call anew with a whole life before it, however old its first deadline is', async () => {
    const one = await newInstance();
    const command = reserveOf([{ counter: counterOf('old'), claims: [claim('calls', 10, 1)] }]);
    one.live.add(reservationOf(command.id));
    await redis.flushall();
    one.epoch.lost();
    await one.epoch.current();
    expect(await one.store.overdue(10)).toEqual([]);
    const [hold] = one.live.holds();
    expect(hold && (await one.store.release(hold))).toBe(true);
  });

  it('G11: does not let a call run out of time that waits for it to open, longer than a reservation lives', async () => {
    const reservationTtlMs = 600;
    const one = await newInstance({ reservationTtlMs });
    const deaf = await newInstance({ hears: false, reservationTtlMs });
    const command = reserveOf([{ counter: counterOf('old'), claims: [claim('calls', 10, 1)] }]);
    one.live.add(reservationOf(command.id));
    await redis.flushall();
    one.epoch.lost();
    // Which takes as long as a call waits for an epoch: longer than the life.
    await expect(one.epoch.current()).rejects.toMatchObject({ code: 'store_unavailable' });
    deaf.epoch.lost();
    await deaf.epoch.current();
    expect(await deaf.store.overdue(10)).toEqual([]);
    const [hold] = one.live.holds();
    expect(hold && (await one.store.release(hold))).toBe(true);
  });

  it('G5: does not open before all that live have joined, and tells who has not heard', async () => {
    const one = await newInstance();
    const deaf = await newInstance({ hears: false });
    await redis.flushall();
    one.epoch.lost();
    await expect(one.epoch.current()).rejects.toMatchObject({ code: 'store_unavailable' });
    await until('it is told again', () => told.length >= 2);
    deaf.epoch.lost();
    expect(await deaf.epoch.current()).toBe(await one.epoch.current());
  });
});

/** A reservation whose deadline has long passed, as far as its own process was ever told. */
function reservationOf(id: Reservation['id']): Reservation {
  const counters = [
    { counter: counterOf('old'), version: 1, amounts: [{ unit: 'calls' as const, amount: 1 }] },
  ];
  return {
    id,
    hold: { id, deadlineMs: 1, counters },
    caller: {},
    operation: 'llm_call',
    estimate: {
      inputTokens: 0,
      baseCostNanoUsd: 0,
      outputCostNanoUsd: 0,
      priced: true,
      count: 1,
      provider: 'p',
      model: 'm',
    },
    grantedOutputTokens: 0,
    limits: [],
    reservedAtMs: 1,
    day: '2026-11-21',
    localDay: '2026-11-21',
    passedCounters: [],
    shadowDenied: [],
  };
}
