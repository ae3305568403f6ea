import { LedgerWriter } from '../../../src/rate-limiting/ledger/ledger-writer.js';
import { PostgresLedger } from '../../../src/rate-limiting/ledger/postgres.ledger.js';
import { LiveReservations } from '../../../src/rate-limiting/live-reservations.js';
import { newReservationId } from '../../../src/rate-limiting/reservation-ids.js';

import { LedgerHarness, NOW_MS, usage } from './ledger-harness.js';

describe('the ledger’s partitions', () => {
  let harness: LedgerHarness;
  beforeAll(async () => {
    harness = await LedgerHarness.start();
  });
  afterAll(() => harness.stop());

  const partitionOf = async (id: string) =>
    (
      await harness.ask<{ name: string }>(
        `SELECT tableoid::regclass::text AS name FROM token_usage WHERE id = '${id}'`,
      )
    ).map(({ name }) => name);
  const on = (day: string) => usage({ id: newReservationId(Date.parse(`${day}T00:00:00Z`)) });

  it('are one a UTC month; what comes before or after them lies in the default one', async () => {
    const writer = new LedgerWriter(harness.newStore());
    const at = [
      Date.parse('2026-12-01T00:00:00Z') - 1,
      Date.parse('2026-12-01T00:00:00Z'),
      Date.parse('2027-01-01T00:00:00Z'),
    ];
    const entries = at.map((atMs) => usage({ id: newReservationId(atMs) }));
    await Promise.all(entries.map((entry) => writer.record(entry)));
    const names = await Promise.all(entries.map(({ id }) => partitionOf(id)));
    expect(names).toEqual([['token_usage_2026_11'], ['token_usage_2026_12'], ['token_usage_default']]);
  });

  it('are made once, however often and by however many that is asked', async () => {
    const asked = await Promise.all(
      Array.from({ length: 4 }, () =>
        harness.partitions().ensurePartitions(Date.parse('2027-05-31T23:00:00Z'), 2),
      ),
    );
    expect(asked.flat().filter((month) => month > '2027-04')).toHaveLength(3);
    await expect(
      harness.partitions().ensurePartitions(Date.parse('2027-05-31T23:00:00Z'), 2),
    ).resolves.toEqual([]);
  });

  it('take over, under load, the rows that came before them; none is lost or doubled', async () => {
    const ledger = new PostgresLedger(harness.newPool(), new LiveReservations());
    const early = ['2028-02-01', '2028-02-29', '2028-03-31', '2028-06-15'].map(on);
    for (const entry of early) await ledger.record(entry);
    let loading = true;
    const load = async () => {
      const written: string[] = [];
      while (loading) {
        const entry = on('2028-03-10');
        await ledger.record(entry);
        written.push(entry.id);
      }
      return written;
    };
    const lanes = Promise.all(Array.from({ length: 20 }, load));
    await expect(
      harness.partitions().ensurePartitions(Date.parse('2028-03-02T00:00:00Z'), 1),
    ).resolves.toEqual(['2028-02-01', '2028-03-01', '2028-04-01']);
    loading = false;
    const written = (await lanes).flat();
    const homes = await Promise.all(early.map(({ id }) => partitionOf(id)));
    expect(homes).toEqual([
      ['token_usage_2028_02'],
      ['token_usage_2028_02'],
      ['token_usage_2028_03'],
      ['token_usage_default'],
    ]);
    const [march] = await harness.ask(`SELECT count(*) AS rows FROM token_usage_2028_03`);
    expect(march).toEqual({ rows: written.length + 1 });
    await expect(ledger.record(on('2028-02-29'))).resolves.toEqual({ fresh: true });
    await expect(ledger.find(early[1]?.id ?? newReservationId(0))).resolves.toEqual(early[1]);
    await expect(harness.ask(`DELETE FROM token_usage_default`)).rejects.toThrow('append-only');
    await expect(harness.disagreements()).resolves.toEqual([]);
  });

  it('leave alone a row whose id names no sane time', async () => {
    const entry = usage({ id: newReservationId(Date.parse('9999-01-01T00:00:00Z')) });
    await new LedgerWriter(harness.newStore()).record(entry);
    await harness.partitions().ensurePartitions(NOW_MS, 1);
    await expect(partitionOf(entry.id)).resolves.toEqual(['token_usage_default']);
  });
});
