import { Client } from 'pg';

import { createApp } from '../../src/create-app.js';
import { readSettings } from '../../src/config/index.js';
import { PeriodClosing } from '../../src/periods/index.js';
import { type Harness, newHarness } from '../support/harness.js';

describe('the monthly job', () => {
  let harness: Harness;
  let sql: Client;

  beforeAll(async () => {
    harness = await newHarness({ env: { USAGE_RETENTION_MONTHS: '2' } });
    sql = new Client({ connectionString: harness.databaseUrl });
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await harness.stop();
  });

  const closings = async (userId: string) =>
    (
      await sql.query(
        `SELECT period::text, calls::int, call_limit::int FROM period_closing WHERE user_id = $1 ORDER BY period`,
        [userId],
      )
    ).rows;

  it('G7: closes what has ended, once over two instances, and catches up several months', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const own = await harness.newUser({ monthlyCallLimit: 10 });
    await harness.admin.patch(`/admin/users/${own.id}`, { billingDay: 31, timezone: 'Asia/Tokyo' });
    const script = (who: typeof user) => who.api.post('/generate/script', { topic: 'x' });
    const given = await harness.newUser({ monthlyCallLimit: 10 });
    await Promise.all([script(user), script(user), script(own), script(given), script(given)]);
    await harness.admin.post('/admin/quotas/reset', { scope: 'user', id: given.id, reason: 'a gift' });
    await script(given);
    await harness.admin.post('/admin/quotas/grants', {
      userId: user.id,
      unit: 'calls',
      amount: 5,
      reason: 'a gift',
    });
    expect((await harness.admin.post('/admin/periods/close', {})).body.closed).toEqual([]);

    harness.clock.moveTo('2026-12-15T00:00:00Z');
    await script(user);
    harness.clock.moveTo('2027-02-01T00:00:05Z');
    const read = readSettings(harness.environment());
    if ('faults' in read) throw new Error(read.faults.join('\n'));
    const other = await createApp(read.settings, { clock: harness.clock, log: { write: () => undefined } });
    try {
      const runs = await Promise.all([harness.app.get(PeriodClosing).run(), other.get(PeriodClosing).run()]);
      const again = await harness.admin.post('/admin/periods/close', {});
      expect(again.body).toEqual({ closed: [], partitionsMade: [], partitionsDropped: [] });
      expect(runs.flatMap(({ closed }) => closed).length).toBeLessThanOrEqual(6);
    } finally {
      await other.close();
    }
    expect(await closings(user.id)).toEqual([
      { period: '2026-11-01', calls: 2, call_limit: 15 },
      { period: '2026-12-01', calls: 1, call_limit: 10 },
    ]);
    expect(await closings(given.id)).toEqual([{ period: '2026-11-01', calls: 1, call_limit: 10 }]);
    expect(await closings(own.id)).toEqual([{ period: '2026-10-31', calls: 1, call_limit: 10 }]);
    const { body } = await harness.admin.get('/admin/periods');
    expect(body.items.map((one: { period: string }) => one.period).sort()).toEqual([
      '2026-10-31',
      '2026-11-01',
      '2026-11-30',
      '2026-12-01',
      '2026-12-31',
      '2027-01-01',
    ]);
  });

  it('G7: drops what is past retention, and the roll-ups stay', async () => {
    const partitions = await sql.query(`SELECT to_regclass('token_usage_2026_11') AS november`);
    expect(partitions.rows).toEqual([{ november: null }]);
    const { rows } = await sql.query(
      `SELECT sum(calls)::int AS calls FROM usage_daily WHERE day < '2026-12-01'`,
    );
    expect(rows).toEqual([{ calls: 6 }]);
  });
});
