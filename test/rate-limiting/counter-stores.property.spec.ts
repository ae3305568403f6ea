import fc from 'fast-check';
import { type Cluster, Redis } from 'ioredis';

import { MemoryCounterStore } from '../../src/rate-limiting/counters/memory/memory-counter.store.js';
import { standingEpoch } from '../../src/rate-limiting/counters/redis/epoch.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { clusterKeys } from '../../src/rate-limiting/counters/redis/keys.js';
import { ShardedCounterStore } from '../../src/rate-limiting/counters/sharded/sharded-counter.store.js';
import { FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import {
  type ColdCounter,
  type CounterStore,
  type Hold,
  type ReserveCommand,
  type UnitAmounts,
} from '../../src/rate-limiting/domain/counters.js';
import { reservationId } from '../../src/rate-limiting/domain/ids.js';
import { type Unit } from '../../src/rate-limiting/domain/operation.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { startRedisCluster, type TestRedisCluster } from '../support/redis-cluster.js';

import { counterOf, nonZero, reserveLoading, START } from './counter-store.contract.js';

type Step =
  | {
      verb: 'reserve';
      counters: ReserveCommand['counters'];
      min: number;
      max: number;
      ttlMs: number;
      ledger: UnitAmounts | null;
    }
  | { verb: 'settle'; nth: number; used: UnitAmounts }
  | { verb: 'release'; nth: number }
  | { verb: 'renew'; nth: number; ttlMs: number }
  | { verb: 'load'; nth: number; used: UnitAmounts }
  | { verb: 'invalidate' | 'read'; which: number }
  | { verb: 'overdue' }
  | { verb: 'advance'; ms: number }
  | { verb: 'take'; bucket: number; permits: number; burst: number; refillPerSec: number };

const units = fc.constantFrom<Unit>('tokens', 'calls', 'cost', 'image_generation');
const amounts = fc.dictionary(units, fc.integer({ min: 0, max: 200 }), { maxKeys: 3 });
const nth = fc.nat(20);
const claims = fc.uniqueArray(
  fc.record({
    unit: units,
    max: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
    hard: fc.boolean(),
    base: fc.integer({ min: 0, max: 60 }),
    perElastic: fc.constantFrom(0, 1, 2, 0.1, 0.3, 37.5),
  }),
  { selector: ({ unit }) => unit, minLength: 1, maxLength: 4 },
);
const counters = fc.uniqueArray(fc.record({ counter: fc.nat(3).map((id) => counterOf(`c${id}`)), claims }), {
  selector: ({ counter }) => counter.subject.id,
  minLength: 1,
  maxLength: 3,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        verb: fc.constant('reserve' as const),
        counters,
        min: fc.nat(20),
        more: fc.nat(300),
        ttlMs: fc.nat(3_000),
        ledger: fc.option(amounts),
      })
      .map(({ more, ...reserve }) => ({ ...reserve, max: reserve.min + more })),
  },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('settle' as const), nth, used: amounts }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('load' as const), nth, used: amounts }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('release' as const), nth }) },
  fc.record({ verb: fc.constant('renew' as const), nth, ttlMs: fc.nat(3_000) }),
  fc.record({ verb: fc.constantFrom('invalidate' as const, 'read' as const), which: fc.nat(3) }),
  fc.record({ verb: fc.constant('overdue' as const) }),
  fc.record({ verb: fc.constant('advance' as const), ms: fc.nat(2_000) }),
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('take' as const),
      bucket: fc.nat(1),
      permits: fc.integer({ min: -3, max: 4 }),
      burst: fc.integer({ min: 1, max: 5 }),
      refillPerSec: fc.constantFrom(0.5, 1, 3, 7, 1 / 60),
    }),
  },
);

/** One store with the holds and load tokens that it gave out, so that the nth of each can be named. */
class Player {
  private readonly holds: Hold[] = [];
  private readonly cold: ColdCounter[] = [];

  constructor(private readonly store: CounterStore) {}

  async play(command: Step, index: number): Promise<unknown> {
    switch (command.verb) {
      case 'reserve':
        return this.reserve(command, index);
      case 'settle':
        return this.withHold(command.nth, (hold) =>
          this.store.settle(
            hold,
            hold.counters.map(() => command.used),
          ),
        );
      case 'release':
        return this.withHold(command.nth, (hold) => this.store.release(hold));
      case 'renew':
        return this.withHold(
          command.nth,
          async (hold) => (await this.store.renew(hold, command.ttlMs))?.deadlineMs,
        );
      case 'load': {
        const cold = this.cold.at(-1 - (command.nth % Math.max(1, this.cold.length)));
        return cold && this.store.load(cold, command.used);
      }
      case 'invalidate':
        return this.store.invalidate([counterOf(`c${command.which}`)]);
      case 'read':
        return this.read(command.which);
      case 'overdue':
        return (await this.store.overdue(100)).map(withoutVersions);
      case 'take':
        return this.store.takePermits({ ...command, bucket: `b${command.bucket}` });
      case 'advance':
        return undefined;
    }
  }

  private async reserve(step: Step & { verb: 'reserve' }, index: number) {
    const { counters: asked, min, max, ttlMs, ledger } = step;
    const id = reservationId(`r${String(index).padStart(4, '0')}`);
    const command = { id, ttlMs, elastic: { min, max }, counters: asked };
    const answer = ledger
      ? await reserveLoading(this.store, command, ledger)
      : await this.store.reserve(command);
    if (answer.kind === 'cold') {
      this.cold.push(...answer.cold);
      return answer.cold.map(({ counter }) => counter);
    }
    if (answer.kind === 'denied') return answer;
    this.holds.push(answer.hold);
    return { ...answer, hold: withoutVersions(answer.hold) };
  }

  private async read(which: number) {
    const [answer] = await this.store.read([counterOf(`c${which}`)]);
    if (answer?.kind !== 'cold')
      return { used: nonZero(answer?.state.used), reserved: nonZero(answer?.state.reserved) };
    this.cold.push(answer.cold);
    return 'cold';
  }

  private withHold<T>(which: number, act: (hold: Hold) => Promise<T>): Promise<T> | undefined {
    const hold = this.holds.at(-1 - (which % Math.max(1, this.holds.length)));
    return hold && act(hold);
  }
}

/** What all stores agree on: versions are their own, as is how many parts they keep a hold in, and in which order. */
function withoutVersions({ id, deadlineMs, counters: of }: Hold) {
  const held = of.map(({ counter, amounts: some }) => ({ counter, amounts: some }));
  held.sort((a, b) => (a.counter.subject.id < b.counter.subject.id ? -1 : 1));
  return { id, deadlineMs, counters: held };
}

describeWithRedis('Redis and memory, driven by the same random commands', () => {
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

  it('give the same answer to every command', async () => {
    await playAll({
      runs: 500,
      empty: () => redis.flushall(),
      newStore: (clock) => new RedisCounterStore(redis, undefined, () => clock.now()),
    });
  }, 120_000);
});

describeWithRedis('A Redis Cluster and memory, driven by the same random commands', () => {
  let servers: TestRedisCluster;
  let cluster: Cluster;

  beforeAll(async () => {
    servers = await startRedisCluster();
    cluster = await servers.connect();
  }, 30_000);

  afterAll(async () => {
    await cluster.quit();
    await servers.stop();
  });

  it('give the same answer to every command', async () => {
    await playAll({
      runs: 100,
      empty: () => servers.flushAll(),
      newStore: (clock) =>
        new ShardedCounterStore(
          clusterKeys().map((keys) => new RedisCounterStore(cluster, standingEpoch(keys), () => clock.now())),
        ),
    });
  }, 120_000);
});

async function playAll(input: {
  readonly runs: number;
  readonly empty: () => Promise<unknown>;
  readonly newStore: (clock: FrozenClock) => CounterStore;
}): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), async (steps) => {
      await input.empty();
      const clock = new FrozenClock(START);
      const memory = new Player(new MemoryCounterStore(clock));
      const real = new Player(input.newStore(clock));
      for (const [index, command] of steps.entries()) {
        if (command.verb === 'advance') clock.advance(command.ms);
        expect(await real.play(command, index)).toEqual(await memory.play(command, index));
      }
    }),
    { numRuns: input.runs, ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}) },
  );
}
