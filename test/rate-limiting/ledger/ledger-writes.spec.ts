import { CodedError } from '../../../src/errors.js';
import { reservationId } from '../../../src/rate-limiting/domain/ids.js';
import { LedgerWriter } from '../../../src/rate-limiting/ledger/ledger-writer.js';
import { type OutgoingRow, type UsageRowStore } from '../../../src/rate-limiting/ledger/usage-row.store.js';
import { newReservationId } from '../../../src/rate-limiting/reservation-ids.js';

import { LedgerHarness, NOW_MS, usage } from './ledger-harness.js';

const NUL = '\0';

describe('the ledger, written', () => {
  let harness: LedgerHarness;
  let store: UsageRowStore;

  beforeAll(async () => {
    harness = await LedgerHarness.start();
    store = harness.newStore();
  });
  afterAll(() => harness.stop());

  const countOf = async (id: string) =>
    (await harness.ask<{ count: number }>(`SELECT count(*) FROM token_usage WHERE id = '${id}'`))[0]?.count;

  it('keeps an entry as it is, and finds it by its id', async () => {
    const entry = usage({
      caller: { ...usage().caller, workspaceId: 'w', workflowId: 'f', sessionId: 's' },
      operation: 'image_generation',
      operationCount: 3,
      status: 'failed_after_output',
      estimated: true,
      softExceeded: true,
      resourceId: 'asset "1"',
      metadata: { note: 'a \\u0000 {comma}, "quotes" and \\ stay', nested: { list: [1, null] } },
      localDay: '2026-11-22',
      costNanoUsd: 9_007_199_254_740_991,
    });
    await new LedgerWriter(store).record(entry);
    await expect(store.find(entry.id)).resolves.toEqual(entry);
    await expect(store.find(newReservationId(NOW_MS))).resolves.toBeUndefined();
  });

  it('names the row by the instant in its id, and month and year by the local day', async () => {
    const entry = usage({ id: newReservationId(NOW_MS + 7), day: '2026-12-31', localDay: '2027-01-01' });
    await new LedgerWriter(store).record(entry);
    const [row] = await harness.ask(
      `SELECT created_at, month, year FROM token_usage WHERE id = '${entry.id}'`,
    );
    expect(row).toEqual({ created_at: new Date(NOW_MS + 7), month: 1, year: 2027 });
  });

  it('G3: leaves one row and one fresh answer a call under 50 concurrent double settlements by two instances', async () => {
    const writers = [new LedgerWriter(store), new LedgerWriter(harness.newStore())];
    const entries = Array.from({ length: 50 }, () => usage());
    const settlements = entries.flatMap((entry) =>
      [...writers, ...writers].map(async (writer) => ({ id: entry.id, ...(await writer.record(entry)) })),
    );
    const answers = await Promise.all(settlements);
    for (const { id } of entries) {
      expect(answers.filter((answer) => answer.id === id && answer.fresh)).toHaveLength(1);
      await expect(countOf(id)).resolves.toBe(1);
    }
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('gathers what waits: a thousand calls at once need a handful of statements', async () => {
    const batches: number[] = [];
    const counted = {
      write: (rows: readonly OutgoingRow[]) => {
        batches.push(rows.length);
        return store.write(rows);
      },
    };
    const writer = new LedgerWriter(counted);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => writer.record(usage())));
    expect(answers.every(({ fresh }) => fresh)).toBe(true);
    expect(batches.length).toBeLessThanOrEqual(5);
    expect(Math.max(...batches)).toBe(500);
    expect(writer.waiting).toBe(0);
  });

  it('rejects the rows that Postgres refuses, each by its own promise, and writes all others', async () => {
    const writer = new LedgerWriter(store);
    const good = Array.from({ length: 200 }, () => usage());
    const tooLong = usage({ latencyMs: 2 ** 40 });
    const noSuchDay = usage({ day: '2026-13-45' });
    const tooLarge = usage({ model: 'x'.repeat(3_000_000) });
    const outcomes = await Promise.allSettled(
      [...good.slice(0, 90), tooLong, noSuchDay, tooLarge, ...good.slice(90)].map((entry) =>
        writer.record(entry),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(200);
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(refusals.map((refusal) => refusal instanceof CodedError && refusal.code)).toEqual(
      Array(3).fill('internal_error'),
    );
    expect(String(refusals[0])).toContain(`cannot hold the usage of call ${tooLong.id}`);
    expect(String(refusals[1])).toContain(noSuchDay.id);
    await expect(countOf(tooLong.id)).resolves.toBe(0);
    await expect(writer.record({ ...tooLong, latencyMs: 40 })).resolves.toEqual({ fresh: true });
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('tells who settles a refused row again, in one breath, what became of their own', async () => {
    const writer = new LedgerWriter(store);
    const refused = usage({ latencyMs: 2 ** 40 });
    const [first, second, third] = await Promise.allSettled([
      writer.record(refused),
      writer.record({ ...refused, latencyMs: 1 }),
      writer.record({ ...refused, latencyMs: 2 }),
    ]);
    expect(first.status).toBe('rejected');
    expect([second, third]).toEqual([
      { status: 'fulfilled', value: { fresh: true } },
      { status: 'fulfilled', value: { fresh: false } },
    ]);
  });

  it('keeps a row whose texts hold what Postgres cannot', async () => {
    const entry = usage({
      model: `gpt${NUL}5`,
      resourceId: `r${NUL}`,
      metadata: { said: `a${NUL}b`, half: 'x\ud83dy', whole: '😀', written: '\\u0000' },
    });
    await expect(new LedgerWriter(store).record(entry)).resolves.toEqual({ fresh: true });
    await expect(store.find(entry.id)).resolves.toMatchObject({
      model: 'gpt\ufffd5',
      resourceId: 'r\ufffd',
      metadata: { said: 'a\ufffdb', half: 'x\ufffdy', whole: '😀', written: '\\u0000' },
    });
  });

  it('refuses what is no id, and metadata that is no JSON, before anything is sent', async () => {
    const writer = new LedgerWriter(store);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(writer.record(usage({ metadata: circle }))).rejects.toThrow('cannot be written as JSON');
    await expect(writer.record(usage({ id: reservationId('nonsense') }))).rejects.toThrow(
      '"nonsense" cannot be a ledger row\'s id',
    );
    expect(writer.waiting).toBe(0);
  });

  it('is append-only, in every partition; retention may still empty one', async () => {
    const entry = usage({ id: newReservationId(Date.parse('2026-12-05T00:00:00Z')) });
    await new LedgerWriter(store).record(entry);
    for (const table of ['token_usage', 'token_usage_2026_12']) {
      const refused = 'token_usage is append-only';
      await expect(harness.ask(`UPDATE ${table} SET calls = 0 WHERE id = '${entry.id}'`)).rejects.toThrow(
        refused,
      );
      await expect(harness.ask(`DELETE FROM ${table} WHERE id = '${entry.id}'`)).rejects.toThrow(refused);
    }
    await harness.ask('TRUNCATE token_usage_2026_12');
    await expect(countOf(entry.id)).resolves.toBe(0);
  });
});
