import { describeWithRedis, type TestRedisOptions } from '../support/redis.js';

import { counterDrifts, overshoots, rowsOfAnswered, rowsOfOthers } from './audit.js';
import { CALLS_OF_LAST_DEATH, runRound } from './round.js';

const { CUOTA_CHAOS_SEED, CUOTA_CHAOS_ROUNDS = '1' } = process.env;
const FIRST_SEED = Number(CUOTA_CHAOS_SEED ?? Math.floor(Math.random() * 1e9));
const ROUNDS = Number(CUOTA_CHAOS_ROUNDS);
if (!Number.isSafeInteger(FIRST_SEED)) throw new Error('CUOTA_CHAOS_SEED must be a whole number.');
if (!Number.isSafeInteger(ROUNDS) || ROUNDS < 1) throw new Error('CUOTA_CHAOS_ROUNDS must be 1 or more.');

const REDIS: readonly [string, TestRedisOptions][] = [
  ['a Redis that forgets', {}],
  ['a Redis with an append-only file', { appendonly: true, appendfsync: 'everysec' }],
];
const CASES = Array.from({ length: ROUNDS }, (_, round) =>
  REDIS.map(([name, options]) => [name, FIRST_SEED + round, options] as const),
).flat();

describeWithRedis('whatever is killed, and whenever', () => {
  it.each(CASES)(
    'G1, G3, G4, G5: the books are right with %s (CUOTA_CHAOS_SEED=%d)',
    async (_, seed, redis) => {
      const round = await runRound(seed, redis);
      const { calls, rows, served, told, books, totals } = round;
      process.stderr.write(`${round.summary}\n`);

      expect({ seed, ...round.healing }).toEqual({ seed, unanswered: [], held: [] });
      expect(rowsOfAnswered(calls, rows)).toEqual([]);
      expect(rowsOfOthers(calls, rows, served)).toEqual([]);
      expect(totals.daily).toEqual(totals.ledger);
      expect(totals.monthly).toEqual(totals.ledger);
      expect(counterDrifts(told, books.used)).toEqual([]);
      expect(overshoots(told, books.takenBack)).toEqual([]);

      expect(rows.filter(({ status }) => status === 'expired').length).toBeGreaterThanOrEqual(
        CALLS_OF_LAST_DEATH,
      );

      // Else nothing was put to the test.
      expect(calls.filter(({ seen }) => seen === 'answered').length).toBeGreaterThan(40);
      expect(calls.filter(({ status }) => status === 429).length).toBeGreaterThan(10);
      expect(books.takenBack.size).toBeGreaterThan(0);
    },
    600_000,
  );
});
