import { setImmediate } from 'node:timers/promises';

import { PlanDirectory } from '../../src/rate-limiting/limits/plan-directory.port.js';
import { RateLimitStore } from '../../src/rate-limiting/limits/rate-limit.store.js';
import { userId } from '../../src/rate-limiting/domain/ids.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, type IdentityApp, startIdentityApp, textIn } from './identity-app.js';

/** The promise: a change on one instance holds on every other within this time. */
const WITHIN_MS = 1_000;

describe('two instances', () => {
  let postgres: TestPostgres;
  let here: IdentityApp;
  let there: IdentityApp;
  let user: string;
  let key: string;
  let keyId: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    here = await startIdentityApp({ databaseUrl: postgres.url });
    there = await startIdentityApp({ databaseUrl: postgres.url });
  });

  afterAll(async () => {
    await here.close();
    await there.close();
    await postgres.stop();
  });

  const admin = (request: string, body?: object) =>
    here.ask(request, { as: ADMIN, ...(body ? { body } : {}) });

  /** Milliseconds from the answer of `change` until `holds` does. */
  async function timeUntil(change: Promise<unknown>, holds: () => Promise<boolean>): Promise<number> {
    await change;
    const since = performance.now();
    // What is cached answers without a pause, in which the other instance could be heard.
    while (!(await holds()) && performance.now() - since < 10 * WITHIN_MS) await setImmediate();
    return performance.now() - since;
  }

  const meThere = () => there.ask('GET /me', { as: key });
  const isOut = async () => (await meThere()).status === 401;

  beforeEach(async () => {
    user = textIn(
      await admin('POST /admin/users', { email: `u${process.hrtime.bigint()}@example.com` }),
      'id',
    );
    const made = await admin(`POST /admin/users/${user}/api-keys`, { name: 'k' });
    [key, keyId] = [textIn(made, 'key'), textIn(made, 'id')];
    // Both keep it now.
    for (const app of [here, there])
      expect(await app.ask('GET /me', { as: key })).toMatchObject({ status: 200 });
  });

  it('G12: both refuse a key within a second after one revoked it', async () => {
    expect(await timeUntil(admin(`DELETE /admin/users/${user}/api-keys/${keyId}`), isOut)).toBeLessThan(
      WITHIN_MS,
    );
  });

  it("G12: both refuse a disabled user's key within a second", async () => {
    const disable = admin(`PATCH /admin/users/${user}`, { status: 'disabled' });
    expect(await timeUntil(disable, isOut)).toBeLessThan(WITHIN_MS);
  });

  it('G8: both hold a new limit of a user within a second, and its end', async () => {
    const own = async () => (await there.get(RateLimitStore).find('user', user))?.limits.monthlyTokenLimit;
    expect(await own()).toBeUndefined();
    const put = admin(`PUT /admin/limits/users/${user}`, { monthlyTokenLimit: 5 });
    expect(await timeUntil(put, async () => (await own()) === 5)).toBeLessThan(WITHIN_MS);
    const end = admin(`DELETE /admin/limits/users/${user}`);
    expect(await timeUntil(end, async () => (await own()) === undefined)).toBeLessThan(WITHIN_MS);
  });

  it('G8: both hold a changed plan, and a user’s change of plan, within a second', async () => {
    const tokens = async () =>
      (await there.get(PlanDirectory).termsOf(userId(user)))?.limits.monthlyTokenLimit;
    expect(await tokens()).toBe(100_000);
    const move = admin(`PATCH /admin/users/${user}`, { planId: 'pro' });
    expect(await timeUntil(move, async () => (await tokens()) === 5_000_000)).toBeLessThan(WITHIN_MS);
    const change = admin('PATCH /admin/plans/pro', { monthlyTokenLimit: 6_000_000 });
    expect(await timeUntil(change, async () => (await tokens()) === 6_000_000)).toBeLessThan(WITHIN_MS);
    await admin('PATCH /admin/plans/pro', { monthlyTokenLimit: 5_000_000 });
  });

  it('a login on one is good on the other', async () => {
    const body = { email: 'both@example.com', password: 'long enough' };
    const as = textIn(await here.ask('POST /auth/register', { body }), 'accessToken');
    expect(await there.ask('GET /me', { as })).toMatchObject({ status: 200 });
  });
});
