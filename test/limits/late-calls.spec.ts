import { Client } from 'pg';

import { PeriodClosing } from '../../src/periods/index.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

const SCRIPT = { topic: 'the sea' };
const MINUTE_MS = 60_000;

/** Calls that are reserved before the month ends, and settled after it was closed. */
describe('calls that end after their month was closed', () => {
  let harness: Harness;
  let sql: Client;
  let year: number;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    sql = new Client({ connectionString: harness.databaseUrl });
    await sql.connect();
    year = new Date(harness.clock.now()).getUTCFullYear() + 1;
  });

  afterAll(async () => {
    await sql.end();
    await harness.stop();
  });

  const at = (instant: string) => {
    harness.clock.moveTo(`${year}-${instant}Z`);
  };
  const run = () => harness.app.get(PeriodClosing).run();
  const script = (user: TestUser) => user.api.post('/generate/script', SCRIPT);
  const held = async (...users: TestUser[]) => {
    harness.emulator.hold();
    const answers = users.map(script);
    await harness.emulator.until(({ inFlight }) => inFlight === users.length);
    return async () => {
      harness.emulator.release();
      return (await Promise.all(answers)).map(({ status }) => status);
    };
  };
  const closing = async ({ id }: TestUser, month: string) =>
    (
      await sql.query(
        `SELECT tokens::int, calls::int, scripts::int, cost_nano_usd::int AS cost, call_limit::int
         FROM period_closing WHERE user_id = $1 AND period = $2`,
        [id, `${year}-${month}-01`],
      )
    ).rows[0];
  const ledger = async ({ id }: TestUser, month: string) =>
    (
      await sql.query(
        `SELECT sum(total_tokens)::int AS tokens, sum(calls)::int AS calls, sum(operation_count)::int AS scripts,
           sum(cost_nano_usd)::int AS cost
         FROM usage_daily WHERE user_id = $1 AND to_char(local_day, 'MM') = $2`,
        [id, month],
      )
    ).rows[0];
  const period = async (month: string) =>
    (await harness.admin.get('/admin/periods')).body.items.find(
      (one: { period: string }) => one.period === `${year}-${month}-01`,
    );

  it('G6, G7: are in it once it is counted again, a quarter of an hour later', async () => {
    const [one, late] = [await harness.newUser({ monthlyCallLimit: 10 }), await harness.newUser()];
    at('03-31T23:59:00');
    expect((await script(one)).status).toBe(200);
    const end = await held(one, late);
    at('04-01T00:00:05');
    await run();
    expect([await closing(one, '03'), await closing(late, '03')]).toMatchObject([{ calls: 1 }, undefined]);
    expect(await period('03')).toMatchObject({ users: 1, countedAt: `${year}-04-01T00:00:05.000Z` });

    harness.clock.advance(10 * MINUTE_MS);
    expect(await end()).toEqual([200, 200]);
    await harness.admin.put(`/admin/limits/users/${one.id}`, { monthlyCallLimit: 20 });
    await run();
    expect(await closing(one, '03')).toMatchObject({ calls: 1 });
    harness.clock.advance(5 * MINUTE_MS);
    await run();
    expect(await closing(one, '03')).toEqual({ ...(await ledger(one, '03')), call_limit: 10 });
    expect(await closing(one, '03')).toMatchObject({ calls: 2, scripts: 2 });
    expect(await closing(late, '03')).toMatchObject(await ledger(late, '03'));
    expect(await period('03')).toMatchObject({ users: 2, countedAt: `${year}-04-01T00:15:05.000Z` });
    expect(await ledger(one, '04')).toMatchObject({ calls: null });
  });

  it('G7: are in it however late they end, within twice as long; at once where an admin closes', async () => {
    const user = await harness.newUser();
    at('04-30T23:59:00');
    const end = await held(user);
    at('05-01T00:00:00');
    await run();
    for (const minutes of [15, 30, 60, 120, 240]) {
      harness.clock.moveTo(Date.parse(`${year}-05-01T00:00:00Z`) + minutes * MINUTE_MS);
      await run();
    }
    harness.clock.advance(1);
    expect(await end()).toEqual([200]);
    harness.clock.advance(239 * MINUTE_MS);
    await run();
    expect(await closing(user, '04')).toBeUndefined();
    harness.clock.advance(MINUTE_MS);
    await run();
    expect(await closing(user, '04')).toMatchObject({ calls: 1 });

    at('05-31T23:59:00');
    const last = await held(user);
    at('06-01T00:00:00');
    await harness.admin.post('/admin/periods/close', {});
    expect(await last()).toEqual([200]);
    const { body } = await harness.admin.post('/admin/periods/close', {});
    expect(body).toEqual({ closed: [], partitionsMade: [], partitionsDropped: [] });
    expect(await closing(user, '05')).toMatchObject({ calls: 1 });
  });

  it('keeps what was used, whatever is taken back after it', async () => {
    const user = await harness.newUser({ rollingTokenLimit: 1_000_000 });
    at('06-30T12:00:00');
    await script(user);
    at('07-01T00:00:00');
    await run();
    const before = await closing(user, '06');
    const reset = { scope: 'user', id: user.id, reason: 'a gift' };
    harness.clock.advance(1);
    const done = await harness.admin.post('/admin/quotas/reset', reset);
    expect(done.body.tokens).toBe(before.tokens);
    await harness.admin.post('/admin/periods/close', {});
    expect(await closing(user, '06')).toEqual(before);
  });
});
