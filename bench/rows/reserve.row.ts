import { createHash } from 'node:crypto';

import { type Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

import { PLAIN_KEYS } from '../../src/rate-limiting/counters/redis/keys.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { startRedis } from '../../test/support/redis.js';
import { type Figure } from '../figures.js';
import { inFlight, type Seen } from '../load.js';
import { connectRedis, usecPerCall } from '../redis-client.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { countersOf, reserveCommand, sampleCallers, type SampleCaller } from '../sample-call.js';
import { warm } from '../warm.js';

const EMPTY = 'return 1';
const CALLERS = 1_000;
const LIMITS = 8;
const MONTH_SEC = 30 * 86_400;

interface Contender {
  readonly name: string;
  readonly call: () => Promise<unknown>;
}

/** One script for 8 limits, against a script that does nothing and against 8 limits one after another. */
export const reserveRow: Row = {
  letter: 'a',
  title: 'reserve of 8 limits',
  async open(pace: Pace): Promise<OpenRow> {
    const server = await startRedis();
    const redis = await connectRedis(server.url);
    const callers = sampleCallers(CALLERS);
    const contenders = [
      await emptyScript(redis),
      await ours(redis, callers),
      flexible(redis, callers),
    ] as const;
    for (const { call } of contenders) await inFlight(64, 2 * pace.ms, call);
    return {
      round: () => measure(redis, contenders, pace),
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};

async function measure(
  redis: Redis,
  [empty, reserve, flexible]: readonly [Contender, Contender, Contender],
  { ms }: Pace,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const loops of [1, 64, 256]) {
    const run = async ({ call }: Contender): Promise<Seen> => {
      const seen = await inFlight(loops, ms, call);
      // Nothing settles here: without this, the live reservations would grow as in no real service.
      await redis.del(PLAIN_KEYS.live(''));
      return seen;
    };
    const [none, theirs] = [await run(empty), await run(flexible)];
    await redis.config('RESETSTAT');
    const own = await run(reserve);
    const usec = await usecPerCall(redis, 'evalsha');
    figures.push(...ratios(loops, { none, theirs, own }), {
      name: `µs inside Redis, ${loops} in flight`,
      value: usec,
      ...(loops === 64 && { target: { atMost: 10 } }),
    });
  }
  return figures;
}

function ratios(loops: number, { none, theirs, own }: Record<'none' | 'theirs' | 'own', Seen>): Figure[] {
  const at = `${loops} in flight`;
  const least = new Map([
    [1, 8],
    [64, 7],
  ]).get(loops);
  return [
    { name: `reserve, calls a second, ${at}`, value: own.perSecond },
    {
      name: `reserve ÷ empty script, p50, ${at}`,
      value: own.p50Ms / none.p50Ms,
      ...(loops === 1 && { target: { atMost: 1.15 } }),
    },
    {
      name: `reserve ÷ empty script, calls a second, ${at}`,
      value: own.perSecond / none.perSecond,
      ...(loops === 64 && { target: { atLeast: 0.5 } }),
    },
    {
      name: `reserve ÷ rate-limiter-flexible, calls a second, ${at}`,
      value: own.perSecond / theirs.perSecond,
      ...(least !== undefined && { target: { atLeast: least } }),
    },
  ];
}

async function emptyScript(redis: Redis): Promise<Contender> {
  const sha = createHash('sha1').update(EMPTY).digest('hex');
  await redis.script('LOAD', EMPTY);
  return { name: 'empty script', call: () => redis.evalsha(sha, 0) };
}

async function ours(redis: Redis, callers: readonly SampleCaller[]): Promise<Contender> {
  const store = new RedisCounterStore(redis);
  const calls = callers.map(countersOf);
  await Promise.all(calls.map((counters) => warm(store, counters)));
  let next = 0;
  return {
    name: 'reserve',
    async call() {
      const answer = await store.reserve(reserveCommand(calls[next++ % calls.length] ?? []));
      if (answer.kind !== 'reserved') throw new Error(`A reserve was ${answer.kind}.`);
    },
  };
}

/** As its users write it: a limiter a limit, and the next is asked when the last has let the call through. */
function flexible(redis: Redis, callers: readonly SampleCaller[]): Contender {
  const limiters = Array.from(
    { length: LIMITS },
    (_, at) =>
      new RateLimiterRedis({ storeClient: redis, keyPrefix: `rlf${at}`, points: 9e12, duration: MONTH_SEC }),
  );
  let next = 0;
  return {
    name: 'rate-limiter-flexible',
    async call() {
      const caller = callers[next++ % callers.length];
      for (const limiter of limiters) await limiter.consume(caller?.userId ?? '', 1);
    },
  };
}
