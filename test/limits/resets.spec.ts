import { Client } from 'pg';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Say something.' }],
  max_tokens: 20,
};

function describeResets(redis: boolean): void {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis, upstream: true });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  const chat = (user: TestUser) => user.api.post('/v1/chat/completions', CHAT);
  const reset = (body: Record<string, unknown>) =>
    harness.admin.post('/admin/quotas/reset', { reason: 'a gift', ...body });
  const grant = (body: Record<string, unknown>) =>
    harness.admin.post('/admin/quotas/grants', { unit: 'calls', reason: 'a gift', ...body });
  const calls = async (user: TestUser, prefix = 'user') =>
    (await user.api.get('/me/usage')).body.limits.find(
      (one: { name: string }) => one.name === `${prefix}.month.calls`,
    );
  const statuses = async (user: TestUser, count: number) => {
    const seen: number[] = [];
    for (let at = 0; at < count; at++) seen.push((await chat(user)).status);
    return seen;
  };

  it('a reset gives the whole quota again, and leaves the ledger as it is', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 2 });
    expect(await statuses(user, 3)).toEqual([200, 200, 429]);
    const done = await reset({ scope: 'user', id: user.id });
    expect([done.status, done.body]).toEqual([200, expect.objectContaining({ subjects: 1, calls: 2 })]);
    expect(await calls(user)).toMatchObject({ used: 0, remaining: 2 });
    expect(await statuses(user, 3)).toEqual([200, 200, 429]);
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 4, calls: 4 });
  });

  it('a second reset takes back only what was used since, also of two at once', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 3 });
    await statuses(user, 2);
    const gate = new Client({ connectionString: harness.databaseUrl });
    await gate.connect();
    await gate.query('BEGIN; LOCK TABLE quota_adjustment_day IN SHARE MODE');
    const resets = [reset({ scope: 'user', id: user.id }), reset({ scope: 'user', id: user.id })];
    await until('both are about to take back', async () => {
      const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'quota_adjustment_day'::regclass AND NOT granted`;
      return (await gate.query(waiting)).rows.length === 2;
    });
    await gate.query('COMMIT');
    await gate.end();
    const both = await Promise.all(resets);
    expect(both.map(({ body }) => body.calls).sort()).toEqual([0, 2]);
    await chat(user);
    expect((await reset({ scope: 'user', id: user.id })).body.calls).toBe(1);
    expect(await statuses(user, 4)).toEqual([200, 200, 200, 429]);
  });

  it('G3: a reset while calls are in flight loses none of them', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    await statuses(user, 4);
    harness.emulator.reset();
    harness.emulator.hold();
    const inFlight = Array.from({ length: 3 }, () => chat(user));
    await harness.emulator.until(({ inFlight: held }) => held === 3);
    await reset({ scope: 'user', id: user.id });
    expect(await calls(user)).toMatchObject({ used: 0, reserved: 3 });
    harness.emulator.release();
    expect((await Promise.all(inFlight)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await calls(user)).toMatchObject({ used: 3, reserved: 0, remaining: 7 });
    expect(await ledger.ledger(user.id)).toMatchObject({ calls: 7 });
    expect(await statuses(user, 8)).toEqual([...Array<number>(7).fill(200), 429]);
  });

  it('a key’s reset is the key’s only, a user’s the user’s only', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 2 });
    await harness.admin.put(`/admin/limits/api-keys/${user.keyId}`, { monthlyCallLimit: 2 });
    await statuses(user, 2);
    await reset({ scope: 'apiKey', id: user.keyId });
    expect([await calls(user), await calls(user, 'apiKey')]).toMatchObject([{ used: 2 }, { used: 0 }]);
    await reset({ scope: 'user', id: user.id });
    await statuses(user, 2);
    expect((await chat(user)).status).toBe(429);
    expect([await calls(user), await calls(user, 'apiKey')]).toMatchObject([{ used: 2 }, { used: 2 }]);
  });

  it('G6: of all, everybody’s current period is taken back, and no past one', async () => {
    const [one, own] = [
      await harness.newUser({ monthlyCallLimit: 1 }),
      await harness.newUser({ monthlyCallLimit: 2 }),
    ];
    const now = harness.clock.now();
    // A period that ended two days ago: Redis, which has its own clock, forgets a counter some days past its period's end.
    const billingDay = new Date(now - 2 * 86_400_000).getUTCDate();
    await harness.admin.patch(`/admin/users/${own.id}`, { billingDay, timezone: 'Asia/Tokyo' });
    const thisMonth = new Date(now).toISOString().slice(0, 7);
    harness.clock.moveTo(now - 5 * 86_400_000);
    await chat(own);
    harness.clock.moveTo(now);
    await Promise.all([chat(one), chat(own)]);
    const done = await reset({ scope: 'all' });
    expect(done.body.subjects).toBeGreaterThanOrEqual(2);
    expect([await calls(one), await calls(own)]).toMatchObject([{ used: 0 }, { used: 0 }]);
    expect(await statuses(one, 2)).toEqual([200, 429]);
    const past = await Promise.all(
      [1, 2].map((back) => own.api.get(`/me/usage?month=${monthBefore(thisMonth, back)}`)),
    );
    expect(past.map(({ body }) => body.limits[1].used).sort()).toEqual([0, 1]);
  });

  it('a grant raises the limit at once, and ends at its instant', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    expect(await statuses(user, 2)).toEqual([200, 429]);
    const now = harness.clock.now();
    const expiresAt = new Date(now + 60_000).toISOString();
    const granted = await grant({ userId: user.id, amount: 2, expiresAt });
    expect([granted.status, granted.body]).toMatchObject([201, { amount: 2, expiresAt }]);
    expect(await calls(user)).toMatchObject({ max: 3, used: 1, remaining: 2 });
    expect((await chat(user)).status).toBe(200);
    harness.clock.advance(59_999);
    expect(await calls(user)).toMatchObject({ max: 3 });
    harness.clock.advance(1);
    const denied = await chat(user);
    expect([denied.status, denied.body.error.limits]).toMatchObject([429, [{ max: 1, used: 2 }]]);
    harness.clock.moveTo(now);
  });

  it('a grant of money is in dollars, and is over with the period', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '1' });
    const { body } = await grant({ userId: user.id, unit: 'cost', amount: '2.5' });
    const cost = async () =>
      (await user.api.get('/me/usage')).body.limits.find(
        (one: { name: string }) => one.name === 'user.month.cost',
      );
    expect(body).toMatchObject({ amount: '2.5', expiresAt: (await cost()).resetAt });
    expect((await cost()).max).toBe('3.5');
    const now = harness.clock.now();
    harness.clock.moveTo(body.expiresAt);
    expect((await cost()).max).toBe('1');
    harness.clock.moveTo(now);
  });

  it('G15: both are in the audit log: who, when, why, before and after', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    await statuses(user, 2);
    await reset({ scope: 'user', id: user.id, reason: 'an outage of ours' });
    await grant({ userId: user.id, amount: 7, reason: 'a fair' });
    const { body } = await harness.admin.get(`/admin/audit?subjectKind=user&subjectId=${user.id}`);
    const at = new Date(harness.clock.now()).toISOString();
    expect(body.items.slice(0, 2)).toMatchObject([
      { action: 'quota.grant', at, reason: 'a fair', before: null, after: { unit: 'calls', amount: 7 } },
      { action: 'quota.reset', at, reason: 'an outage of ours', before: { calls: 2 }, after: { calls: 0 } },
    ]);
  });

  it('has money in decimal USD and times in ISO 8601 in the audit log, as everywhere', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '1' });
    await statuses(user, 1);
    const { body: taken } = await reset({ scope: 'user', id: user.id, reason: 'test' });
    const { body: given } = await grant({ userId: user.id, unit: 'cost', amount: '2.50', reason: 'test' });
    const { body } = await harness.admin.get(`/admin/audit?subjectKind=user&subjectId=${user.id}`);
    const { id: _grantId, userId: _whose, ...granted } = given;
    expect(body.items[0].after).toEqual(granted);
    expect(granted).toMatchObject({ amount: '2.5', expiresAt: expect.stringMatching(/^20..-..-..T.*Z$/) });
    const { subjects, calls, tokens, costUsd } = taken;
    expect(body.items[1].before).toEqual({ subjects, calls, tokens, costUsd });
    expect(body.items[1].after).toEqual({ subjects, calls: 0, tokens: 0, costUsd: '0' });
  });

  it.each([
    ['reset', { scope: 'user' }, 400, 'id'],
    ['reset', { scope: 'all', id: 'x' }, 400, 'id'],
    ['reset', { scope: 'galaxy', id: 'x' }, 400, 'scope'],
    ['reset', { scope: 'user', id: 'nobody' }, 404, undefined],
    ['reset', { scope: 'apiKey', id: 'no-key' }, 404, undefined],
    ['grants', { userId: 'nobody', unit: 'calls', amount: 1 }, 404, undefined],
    ['grants', { userId: 'x', unit: 'calls', amount: '1' }, 400, 'amount'],
    ['grants', { userId: 'x', unit: 'cost', amount: 1 }, 400, 'amount'],
    ['grants', { userId: 'x', unit: 'calls', amount: 0 }, 400, 'amount'],
    ['grants', { userId: 'x', unit: 'embedding', amount: 1 }, 400, 'unit'],
  ])('%s of %j is a %i', async (path, body, status, fault) => {
    const answer = await harness.admin.post(`/admin/quotas/${path}`, { reason: 'r', ...body });
    expect([answer.status, answer.body.errors?.[0].path]).toEqual([status, fault]);
  });

  it('refuses a grant past the period, one without a reason, and whoever is no admin', async () => {
    const user = await harness.newUser();
    const late = await grant({ userId: user.id, amount: 1, expiresAt: '2099-01-01T00:00:00Z' });
    expect([late.status, late.body.errors[0].path]).toEqual([400, 'expiresAt']);
    expect((await grant({ userId: user.id, amount: 1, reason: undefined })).status).toBe(400);
    const own = await user.api.post('/admin/quotas/reset', { scope: 'all', reason: 'me' });
    expect(own.status).toBe(403);
  });
}

function monthBefore(month: string, back: number): string {
  const [year = 0, at = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, at - 1 - back, 1)).toISOString().slice(0, 7);
}

describe('resets and grants, counted in memory', () => {
  describeResets(false);
});

describeWithRedis('resets and grants, counted in Redis', () => {
  describeResets(true);
});
