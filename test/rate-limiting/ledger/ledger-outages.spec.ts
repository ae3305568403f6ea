import { setTimeout as delay } from 'node:timers/promises';

import { CodedError } from '../../../src/errors.js';
import { type Recorded } from '../../../src/rate-limiting/ledger/ledger.port.js';
import { LedgerWriter } from '../../../src/rate-limiting/ledger/ledger-writer.js';
import { type OutgoingRow, type UsageRowStore } from '../../../src/rate-limiting/ledger/usage-row.store.js';

import { LedgerHarness, usage } from './ledger-harness.js';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(1);
}

/** The store, but of some writes the answer is lost on the way back. */
function losingAnswers(store: UsageRowStore, isLost: (call: number) => boolean) {
  let calls = 0;
  return {
    write: async (rows: readonly OutgoingRow[]) => {
      const answer = await store.write(rows);
      calls++;
      if (isLost(calls)) throw new Error('Connection terminated unexpectedly');
      return answer;
    },
  };
}

describe('the ledger, while Postgres comes and goes', () => {
  let harness: LedgerHarness;

  beforeAll(async () => {
    harness = await LedgerHarness.start();
  });
  afterAll(() => harness.stop());

  const rowsThere = async () =>
    (
      await harness.ask<{ rows: number; ids: number }>(
        'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM token_usage',
      )
    )[0];

  it('G3: loses nothing and doubles nothing when Postgres is killed in the middle of a load', async () => {
    const before = (await rowsThere())?.rows ?? 0;
    const writers = [new LedgerWriter(harness.newStore()), new LedgerWriter(harness.newStore())];
    const answers: Recorded[] = [];
    const callsEach = 1_500;
    const lane = async (writer: LedgerWriter) => {
      for (let call = 0; call < callsEach / 100; call++) answers.push(await writer.record(usage()));
    };
    const load = Promise.all(writers.flatMap((writer) => Array.from({ length: 100 }, () => lane(writer))));
    for (const killedAt of [600, 1_500]) {
      await until(() => answers.length >= killedAt);
      await harness.postgres.kill9();
      expect(answers.length).toBeLessThan(2 * callsEach);
      await harness.postgres.restart();
    }
    await load;
    expect(answers).toEqual(Array(2 * callsEach).fill({ fresh: true }));
    const after = before + 2 * callsEach;
    await expect(rowsThere()).resolves.toEqual({ rows: after, ids: after });
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('calls a row its own whose commit was never heard of', async () => {
    const writer = new LedgerWriter(losingAnswers(harness.newStore(), (call) => call <= 2));
    const entry = usage();
    const [first, second] = await Promise.all([writer.record(entry), writer.record(entry)]);
    expect([first, second]).toEqual([{ fresh: true }, { fresh: false }]);
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('does not take another instance’s row for its own, however alike they are', async () => {
    const entry = usage();
    await new LedgerWriter(harness.newStore()).record(entry);
    const writer = new LedgerWriter(losingAnswers(harness.newStore(), (call) => call === 1));
    await expect(writer.record(entry)).resolves.toEqual({ fresh: false });
    // Nor for the second call's what an earlier one of the same instance wrote.
    const again = usage();
    const same = new LedgerWriter(losingAnswers(harness.newStore(), (call) => call === 2));
    await expect(same.record(again)).resolves.toEqual({ fresh: true });
    await expect(same.record(again)).resolves.toEqual({ fresh: false });
  });

  it('keeps 50,000 rows and says early that room is short; all are written when Postgres is back', async () => {
    const writer = new LedgerWriter(harness.newStore());
    await writer.record(usage());
    await harness.postgres.kill9();
    const kept = Array.from({ length: 39_999 }, () => writer.record(usage()));
    expect(writer.room()).toBe(true);
    kept.push(writer.record(usage()));
    expect(writer.room()).toBe(false);
    for (let more = 40_000; more < 50_000; more++) kept.push(writer.record(usage()));
    const refusal: unknown = await writer.record(usage()).catch((error: unknown) => error);
    expect(refusal instanceof CodedError && refusal.code).toBe('store_unavailable');
    expect(writer.waiting).toBe(50_000);

    await harness.postgres.restart();
    expect((await Promise.all(kept)).every(({ fresh }) => fresh)).toBe(true);
    expect(writer.room()).toBe(true);
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('drains: waits for its rows, then takes none', async () => {
    const writer = new LedgerWriter(harness.newStore());
    const recorded = Array.from({ length: 700 }, () => writer.record(usage()));
    await expect(writer.drain(10_000)).resolves.toBe(0);
    expect((await Promise.all(recorded)).every(({ fresh }) => fresh)).toBe(true);
    expect(writer.room()).toBe(false);
    await expect(writer.record(usage())).rejects.toThrow('cannot be reached');
  });

  it('gives up at the end of its time, and tells every caller', async () => {
    const writer = new LedgerWriter(harness.newStore());
    await harness.postgres.kill9();
    const outcomes = Promise.allSettled([writer.record(usage()), writer.record(usage())]);
    await expect(writer.drain(60)).resolves.toBe(2);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    }
    await harness.postgres.restart();
  });
});
