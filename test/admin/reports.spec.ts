import { Client } from 'pg';

import { apiKeyId, formatUsd, Ledger, userId } from '../../src/rate-limiting/index.js';
import { type ApiAnswer, ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

import { call, csvFields, fillLedger } from './report-data.js';

/** What the ledger itself calls each key. */
const LEDGER: Record<string, string> = {
  user: 't.user_id',
  plan: 'u.plan_id',
  apiKey: 't.api_key_id',
  workspace: 't.workspace_id',
  workflow: 't.workflow_id',
  operation: 't.operation',
  provider: 't.provider',
  model: 't.model',
  day: "to_char(t.day, 'YYYY-MM-DD')",
  month: "to_char(t.day, 'YYYY-MM')",
};
const SUMS = ['calls', 'inputTokens', 'outputTokens', 'totalTokens', 'costUsd'];
const WHOLE_MONTH = { from: '2026-11-01', to: '2026-11-30' };
const MONTHS = { from: '2026-09-01', to: '2026-11-30' };
const SOME_DAYS = { from: '2026-10-01', to: '2026-11-15' };
const COMBINATIONS = [
  'user,operation',
  'operation,user',
  'user,plan,month',
  'plan,operation',
  'month,user,operation',
  'apiKey,day',
  'workspace,workflow,user',
  'workflow,provider,model',
  'day,operation,provider,model',
  'model,month,workspace,apiKey',
];

interface Key {
  readonly id: string;
  readonly key: string;
  readonly name: string;
}

interface Range {
  readonly from: string;
  readonly to: string;
}

describe('reports', () => {
  let harness: Harness;
  let users: TestUser[];
  let sql: Client;

  beforeAll(async () => {
    harness = await newHarness();
    // Paging by one row asks often.
    const { body: admin } = await harness.admin.get('/me');
    await harness.admin.patch(`/admin/users/${admin.id}`, { planId: 'wide-open' });
    users = [
      await harness.newUser(),
      await harness.newUser({}, 'pro'),
      await harness.newUser({}, 'enterprise'),
    ];
    await fillLedger(harness, users);
    sql = new Client({ connectionString: harness.databaseUrl });
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await harness.stop();
  });

  const report = (groupBy: string, { from, to }: Range, more = '') =>
    harness.admin.get(`/admin/reports/usage?from=${from}&to=${to}&groupBy=${groupBy}${more}`);

  /** The same sums out of the ledger, in any order. */
  async function ledgerRows(groupBy: string, { from, to }: Range): Promise<string[]> {
    const keys = groupBy === '' ? [] : groupBy.split(',');
    const columns = keys.map((key) => `${LEDGER[key] ?? ''} AS "${key}",`).join(' ');
    const { rows } = await sql.query<Record<string, string | null>>(
      `SELECT ${columns} sum(calls) AS calls, sum(input_tokens) AS "inputTokens", sum(output_tokens) AS "outputTokens",
         sum(total_tokens) AS "totalTokens", sum(cost_nano_usd) AS cost
       FROM token_usage t LEFT JOIN app_user u ON u.id = t.user_id COLLATE "default"
       WHERE t.day BETWEEN $1 AND $2 ${keys.length > 0 ? `GROUP BY ${keys.map((_, i) => i + 1).join(', ')}` : ''}`,
      [from, to],
    );
    return rows.map(({ cost, ...row }) => textOf({ ...row, costUsd: formatUsd(Number(cost)) }, keys)).sort();
  }

  async function pages(path: string, limit: number): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let cursor = '';
    do {
      const { status, body } = await harness.admin.get(`${path}&limit=${limit}${cursor}`);
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(limit);
      items.push(...body.items);
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    return items;
  }

  describe.each([
    ['a whole month', WHOLE_MONTH],
    ['whole months', MONTHS],
    ['some days', SOME_DAYS],
  ])('of %s', (_, range) => {
    it.each(['', ...Object.keys(LEDGER), ...COMBINATIONS])(
      'have the sums of the ledger, by "%s"',
      async (groupBy) => {
        const { status, body } = await report(groupBy, range, '&limit=1000');
        expect(status).toBe(200);
        expect(body.nextCursor).toBeNull();
        const keys = groupBy === '' ? [] : groupBy.split(',');
        for (const row of body.items) expect(Object.keys(row)).toEqual([...keys, ...SUMS]);
        const rows = body.items.map((row: Record<string, unknown>) => textOf(row, keys));
        expect(rows.sort()).toEqual(await ledgerRows(groupBy, range));
      },
    );

    it.each(['user', 'operation', 'day', ...COMBINATIONS])(
      'give page after page what one page has, by %s',
      async (by) => {
        const whole = await report(by, range, '&limit=1000');
        const path = `/admin/reports/usage?from=${range.from}&to=${range.to}&groupBy=${by}`;
        const limit = Math.ceil(whole.body.items.length / 30);
        expect(await pages(path, limit)).toEqual(whole.body.items);
      },
    );

    it.each(['', 'user,operation', 'workflow,model', 'workspace,day'])(
      'are the same as CSV, by "%s"',
      async (by) => {
        const json = await report(by, range, '&limit=1000');
        const csv = await report(by, range, '&format=csv');
        expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
        expect(csv.headers.get('content-disposition')).toContain(`usage-${range.from}-${range.to}.csv`);
        const [header, ...lines] = csvFields(csv.body);
        expect(header).toEqual([...(by === '' ? [] : by.split(',')), ...SUMS]);
        const cells = json.body.items.map((row: object) =>
          Object.values(row).map((value) => String(value ?? '')),
        );
        // A text that a spreadsheet would run has an apostrophe in front; no number of ours begins like one.
        expect(lines).toEqual(
          cells.map((row: string[]) => row.map((cell) => (/^[=@+-]/.test(cell) ? `'${cell}` : cell))),
        );
      },
    );
  });

  it('have one row of nothing where nothing was used', async () => {
    const { body } = await report('', { from: '2020-01-01', to: '2020-01-31' });
    const nothing = { calls: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0, costUsd: '0' };
    expect(body).toEqual({ items: [nothing], nextCursor: null });
    const csv = await report('user', { from: '2020-01-01', to: '2020-01-31' }, '&format=csv');
    expect(csv.body).toBe('user,calls,inputTokens,outputTokens,totalTokens,costUsd\r\n');
  });

  it('are of the month up to today where no days are named', async () => {
    const named = await report('day', { from: '2026-11-01', to: '2026-11-21' });
    const { body } = await harness.admin.get('/admin/reports/usage?groupBy=day');
    expect(body).toEqual(named.body);
    expect(body.items.map((row: { day: string }) => row.day)).toEqual(['2026-11-01', '2026-11-15']);
  });

  it('name every fault of a query', async () => {
    const { status, body } = await harness.admin.get(
      '/admin/reports/usage?from=2026-02-30&to=tomorrow&groupBy=user,colour,user,shape&format=xml&limit=0&cursor=x&sort=up',
    );
    expect(status).toBe(400);
    const paths = body.errors.map((fault: { path: string }) => fault.path).sort();
    expect(paths).toEqual(['cursor', 'format', 'from', 'groupBy', 'limit', 'sort', 'to']);
    const fault = body.errors.find(({ path }: { path: string }) => path === 'groupBy').message;
    for (const word of ['colour', 'shape', 'twice', 'workspace']) expect(fault).toContain(word);
  });

  it.each([
    ['from=2026-11-02&to=2026-11-01', 'to'],
    ['from=2026-12-01', 'from'],
    ['from=2021-11-01&to=2026-11-01', 'to'],
    ['from=2021-11-01', 'to'],
    ['from=', 'from'],
    [`groupBy=day&cursor=${Buffer.from('["2026-99-99"]').toString('base64url')}`, 'cursor'],
    [`groupBy=user&cursor=${Buffer.from('["\\u0000"]').toString('base64url')}`, 'cursor'],
    [`groupBy=operation&cursor=${Buffer.from('[null]').toString('base64url')}`, 'cursor'],
    [`groupBy=user,day&cursor=${Buffer.from('["u"]').toString('base64url')}`, 'cursor'],
  ])('refuse ?%s', async (query, path) => {
    const { status, body } = await harness.admin.get(`/admin/reports/usage?${query}`);
    expect([status, body.errors.map((fault: { path: string }) => fault.path)]).toEqual([400, [path]]);
  });

  it('take groupBy as a list of parameters too', async () => {
    const listed = await report('user&groupBy=operation', WHOLE_MONTH);
    expect(listed.body).toEqual((await report('user,operation', WHOLE_MONTH)).body);
  });

  it.each(['usage', 'usage?format=csv', 'near-limit', '../usage/users/me'])(
    'G12: are the admin’s: %s',
    async (path) => {
      const asked = `/admin/reports/${path}`.replace('/reports/..', '');
      expect((await users[0]?.api.get(asked))?.status).toBe(403);
      expect((await new ApiClient(harness.url).get(asked)).status).toBe(401);
    },
  );

  it('show a user’s usage as the user sees it', async () => {
    const [user] = users as [TestUser];
    const own = await user.api.get('/me/usage?month=2026-11');
    const shown = await harness.admin.get(`/admin/usage/users/${user.id}?month=2026-11`);
    expect(shown.status).toBe(200);
    expect(shown.body.totals).toEqual(own.body.totals);
    expect(shown.body.limits).toEqual(
      own.body.limits.filter(({ name }: { name: string }) => name.startsWith('user.')),
    );
    expect((await harness.admin.get('/admin/usage/users/nobody')).status).toBe(404);
    expect((await harness.admin.get(`/admin/usage/users/${user.id}?month=13`)).status).toBe(400);
  });

  describe('my history', () => {
    it('is mine alone, by day, on days of my own zone', async () => {
      const [ada, bob] = [await harness.newUser(), await harness.newUser()];
      const ledger = harness.app.get(Ledger);
      await ledger.record(call(ada, { day: '2026-11-02', localDay: '2026-11-01' }));
      await ledger.record(call(ada, { day: '2026-11-02' }));
      await ledger.record(call(ada, { day: '2026-12-01', localDay: '2026-11-30', provider: 'groq' }));
      await ledger.record(call(ada, { day: '2026-11-30', localDay: '2026-12-01' }));
      await ledger.record(call(bob, { day: '2026-11-02' }));
      const one = { calls: 1, inputTokens: 70, outputTokens: 30, totalTokens: 100, costUsd: '0.0000015' };
      const november = '/me/usage/history?from=2026-11-01&to=2026-11-30';
      expect((await ada.api.get(november)).body).toEqual({
        items: ['2026-11-01', '2026-11-02', '2026-11-30'].map((day) => ({ day, ...one })),
        nextCursor: null,
      });
      expect((await ada.api.get(`${november}&groupBy=provider,operation`)).body.items).toEqual([
        { provider: 'groq', operation: 'llm_call', ...one },
        expect.objectContaining({ provider: 'openai', operation: 'llm_call', calls: 2 }),
      ]);
      const first = await ada.api.get(`${november}&limit=2`);
      const second = await ada.api.get(`${november}&limit=2&cursor=${first.body.nextCursor}`);
      expect([first.body.items.length, second.body.items]).toEqual([2, [{ day: '2026-11-30', ...one }]]);
    });

    it.each(['groupBy=user', 'groupBy=apiKey,day', 'from=2026-11-31', 'userId=other'])(
      'refuses ?%s',
      async (query) => {
        expect((await users[0]?.api.get(`/me/usage/history?${query}`))?.status).toBe(400);
      },
    );
  });

  describe('near-limit', () => {
    const near = async (query = ''): Promise<ApiAnswer> =>
      harness.admin.get(`/admin/reports/near-limit?${query}`);

    it('names who has used a share of a monthly limit, in the period of each', async () => {
      const ledger = harness.app.get(Ledger);
      const plain = await harness.newUser({
        monthlyTokenLimit: 125,
        monthlyCallLimit: 100,
        monthlyCostLimitUsd: '0.000001',
      });
      const below = await harness.newUser({ monthlyTokenLimit: 126 });
      const unlimited = await harness.newUser({ monthlyTokenLimit: 0 }, 'free');
      const inactive = await harness.newUser({ monthlyTokenLimit: 1, isActive: false });
      const byPlan = await harness.newUser(undefined, 'free');
      const billed = await harness.newUser({ videoGenerationLimit: 4 });
      await harness.admin.patch(`/admin/users/${billed.id}`, {
        billingDay: 15,
        timezone: 'Pacific/Kiritimati',
      });
      for (const user of [plain, below, unlimited, inactive]) await ledger.record(call(user));
      await ledger.record(call(byPlan, { totalTokens: 80_000 }));
      const video = { operation: 'video_generation', totalTokens: 0 } as const;
      await ledger.record(
        call(billed, { ...video, operationCount: 4, day: '2026-11-14', localDay: '2026-11-15' }),
      );
      await ledger.record(call(billed, { ...video, operationCount: 50, day: '2026-11-14' }));

      const { status, body } = await near();
      expect(status).toBe(200);
      const made = new Set([plain, below, unlimited, inactive, byPlan, billed].map(({ id }) => id));
      const items = body.items.filter(({ id }: { id: string }) => made.has(id));
      const email = expect.stringContaining('@example.com');
      const ids = [plain, byPlan, billed].map(({ id }) => id).sort();
      expect(items.map(({ id }: { id: string }) => id)).toEqual(ids);
      const of = ({ id }: TestUser) => items.find((item: { id: string }) => item.id === id);
      expect(of(plain)).toEqual({
        id: plain.id,
        email,
        planId: 'wide-open',
        period: '2026-11-01',
        limits: [
          { name: 'user.month.cost', unit: 'cost', max: '0.000001', used: '0.0000015', share: 1.5 },
          { name: 'user.month.tokens', unit: 'tokens', max: 125, used: 100, share: 0.8 },
        ],
      });
      expect(of(byPlan)).toMatchObject({
        planId: 'free',
        limits: [{ unit: 'tokens', max: 100_000, used: 80_000 }],
      });
      expect(of(billed)).toMatchObject({
        period: '2026-11-15',
        limits: [{ name: 'user.month.video_generation', max: 4, used: 4, share: 1 }],
      });
    });

    it('counts what was used since a reset, of the limit with the grants that hold', async () => {
      const ledger = harness.app.get(Ledger);
      const reset = (user: TestUser) =>
        harness.admin.post('/admin/quotas/reset', { scope: 'user', id: user.id, reason: 'a gift' });
      const grant = (user: TestUser, expiresAt?: string) =>
        harness.admin.post('/admin/quotas/grants', {
          ...{ userId: user.id, unit: 'calls', amount: 3, reason: 'a gift' },
          ...(expiresAt && { expiresAt }),
        });
      const made = await Promise.all(
        ['billed', 'again', 'reset', 'granted', 'ended', 'near'].map(() =>
          harness.newUser({ monthlyCallLimit: 2, monthlyTokenLimit: 0 }),
        ),
      );
      const [billed, again, wasReset, granted, ended, nearWithIt] = made as [
        ...[TestUser, TestUser, TestUser],
        ...[TestUser, TestUser, TestUser],
      ];
      await harness.admin.patch(`/admin/users/${billed.id}`, { billingDay: 9, timezone: 'Asia/Tokyo' });
      for (const user of made) for (let at = 0; at < 2; at++) await ledger.record(call(user));
      for (const user of [billed, again, wasReset]) expect((await reset(user)).body.calls).toBe(2);
      for (let at = 0; at < 2; at++) await ledger.record(call(again));
      const soon = new Date(harness.clock.now() + 1).toISOString();
      expect((await grant(granted)).status).toBe(201);
      expect((await grant(ended, soon)).status).toBe(201);
      expect((await grant(nearWithIt)).status).toBe(201);
      for (let at = 0; at < 2; at++) await ledger.record(call(nearWithIt));

      const now = harness.clock.now();
      harness.clock.advance(1);
      const ids = new Set(made.map(({ id }) => id));
      const items = (await pages('/admin/reports/near-limit?threshold=0.8', 1)).filter(({ id }) =>
        ids.has(String(id)),
      );
      harness.clock.moveTo(now);
      const expected = [
        { id: again.id, limits: [{ unit: 'calls', max: 2, used: 2, share: 1 }] },
        { id: ended.id, limits: [{ unit: 'calls', max: 2, used: 2, share: 1 }] },
        { id: nearWithIt.id, limits: [{ unit: 'calls', max: 5, used: 4, share: 0.8 }] },
      ];
      expect(items).toMatchObject(expected.sort((one, other) => (one.id < other.id ? -1 : 1)));
    });

    it('names API keys that are near limits of their own, with what their counters say', async () => {
      const ledger = harness.app.get(Ledger);
      const [owner, guest] = [
        await harness.newUser({ monthlyCallLimit: 0 }),
        await harness.newUser({ monthlyCallLimit: 0 }),
      ];
      await harness.admin.patch(`/admin/users/${owner.id}`, { billingDay: 9 });
      const keys = await Promise.all(
        ['shared', 'below', 'was-reset', 'inactive', 'revoked', 'used-before'].map(async (name) => {
          const { body } = await harness.admin.post(`/admin/users/${owner.id}/api-keys`, { name });
          const limits = { monthlyCallLimit: 4, monthlyTokenLimit: 350, isActive: name !== 'inactive' };
          await harness.admin.put(`/admin/limits/api-keys/${body.id}`, limits);
          return { id: String(body.id), key: String(body.key), name };
        }),
      );
      const by = (user: TestUser, key: { id: string }, more = {}) =>
        ledger.record(
          call(user, { caller: { userId: userId(user.id), apiKeyId: apiKeyId(key.id) }, ...more }),
        );
      const [shared, below, wasReset, , revoked, before] = keys as [Key, Key, Key, Key, Key, Key];
      for (const key of keys.filter((one) => one !== below && one !== before)) {
        await by(owner, key);
        await by(guest, key);
        await by(guest, key);
      }
      await by(owner, below);
      for (let at = 0; at < 4; at++) await by(owner, before, { day: '2026-11-08', localDay: '2026-11-08' });
      await harness.admin.post('/admin/quotas/reset', { scope: 'apiKey', id: wasReset.id, reason: 'a gift' });
      await by(owner, wasReset);
      const grant = { userId: owner.id, unit: 'calls', amount: 100, reason: 'to the user, not to the key' };
      expect((await harness.admin.post('/admin/quotas/grants', grant)).status).toBe(201);
      await harness.admin.delete(`/admin/users/${owner.id}/api-keys/${revoked.id}`);

      const items = (await pages('/admin/reports/near-limit?threshold=0.75', 1)).filter(
        ({ id }) => id === owner.id || id === guest.id,
      );
      const apiKey = { id: shared.id, name: 'shared' };
      expect(items).toEqual([
        expect.objectContaining({
          id: owner.id,
          period: '2026-11-09',
          limits: [
            { name: 'apiKey.month.tokens', unit: 'tokens', max: 350, used: 300, share: 0.8571, apiKey },
            { name: 'apiKey.month.calls', unit: 'calls', max: 4, used: 3, share: 0.75, apiKey },
          ],
        }),
      ]);
      const counted = async ({ key }: Key) => {
        const { body } = await new ApiClient(harness.url, key).get('/me/usage');
        return ['calls', 'tokens'].map((unit) =>
          body.limits.find(({ name }: { name: string }) => name === `apiKey.month.${unit}`),
        );
      };
      expect(await counted(shared)).toMatchObject([
        { max: 4, used: 3 },
        { max: 350, used: 300 },
      ]);
      expect(await counted(wasReset)).toMatchObject([{ used: 1 }, { used: 100 }]);
      expect(await counted(before)).toMatchObject([{ used: 0 }, { used: 0 }]);
    });

    it('gives page after page', async () => {
      const whole = await near('threshold=0.1&limit=200');
      expect(whole.body.items.length).toBeGreaterThan(3);
      expect(await pages('/admin/reports/near-limit?threshold=0.1', 1)).toEqual(whole.body.items);
    });

    it.each(['threshold=0', 'threshold=much', 'threshold=', 'limit=201', 'cursor=x'])(
      'refuses ?%s',
      async (query) => {
        expect((await near(query)).status).toBe(400);
      },
    );
  });
});

/** A row as one text, to compare and sort rows by. */
function textOf(row: Record<string, unknown>, keys: readonly string[]): string {
  return [...keys, ...SUMS].map((name) => `${name}=${String(row[name])}`).join(' ');
}
