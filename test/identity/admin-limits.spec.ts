import { PlanDirectory } from '../../src/rate-limiting/limits/plan-directory.port.js';
import { PlanLimitResolver } from '../../src/rate-limiting/limits/plan-limit.resolver.js';
import { GrantStore } from '../../src/rate-limiting/limits/grant.store.js';
import { RateLimitStore } from '../../src/rate-limiting/limits/rate-limit.store.js';
import { apiKeyId, userId } from '../../src/rate-limiting/domain/ids.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, faultsAt, type IdentityApp, matching, startIdentityApp, textIn } from './identity-app.js';

const NOTHING = {
  monthlyTokenLimit: null,
  monthlyCallLimit: null,
  monthlyCostLimitUsd: null,
  videoGenerationLimit: null,
  imageGenerationLimit: null,
  scriptGenerationLimit: null,
  rollingTokenLimit: null,
  enforcement: null,
  isActive: true,
};

describe('/admin/limits', () => {
  let postgres: TestPostgres;
  let app: IdentityApp;
  let user: string;
  let key: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    app = await startIdentityApp({ databaseUrl: postgres.url });
  });

  beforeEach(async () => {
    const email = `u${process.hrtime.bigint()}@example.com`;
    user = textIn(await admin('POST /admin/users', { email }), 'id');
    key = textIn(await admin(`POST /admin/users/${user}/api-keys`, { name: 'k' }), 'id');
  });

  afterAll(async () => {
    await app.close();
    await postgres.stop();
  });

  const admin = (request: string, body?: object) =>
    app.ask(request, { as: ADMIN, ...(body ? { body } : {}) });
  const resolver = () => {
    const options = {
      enabled: true,
      storeFailure: 'closed',
      reservationTtlMs: 1000,
      timeZone: 'UTC',
    } as const;
    return new PlanLimitResolver(
      app.get(PlanDirectory),
      app.get(RateLimitStore),
      app.get(GrantStore),
      options,
    );
  };
  const maximum = async (name: string) => {
    const caller = { userId: userId(user), apiKeyId: apiKeyId(key) };
    const { counters } = await resolver().termsOf(caller, app.clock.now());
    return counters.flatMap(({ limits }) => limits).find((limit) => limit.name === name)?.max;
  };

  it("sets a user's own limits as a whole: what is left out is inherited", async () => {
    const put = { monthlyTokenLimit: 5, monthlyCostLimitUsd: '12.50', enforcement: 'soft' };
    const answer = await admin(`PUT /admin/limits/users/${user}`, put);
    const shown = { ...NOTHING, ...put, monthlyCostLimitUsd: '12.5', subject: { kind: 'user', id: user } };
    expect(answer).toMatchObject({ status: 200, body: shown });
    expect(await admin(`GET /admin/limits/users/${user}`)).toEqual({ status: 200, body: answer.body });
    const second = await admin(`PUT /admin/limits/users/${user}`, { monthlyCallLimit: 0 });
    expect(second).toMatchObject({ status: 200, body: { ...NOTHING, monthlyCallLimit: 0 } });
    expect(textIn(second, 'createdAt')).toBe(textIn(answer, 'createdAt'));
  });

  it('G8: holds for the next call', async () => {
    expect(await maximum('user.month.tokens')).toBe(100_000);
    expect(await maximum('apiKey.month.tokens')).toBe(0);
    await admin(`PUT /admin/limits/users/${user}`, { monthlyTokenLimit: 5 });
    await admin(`PUT /admin/limits/api-keys/${key}`, { monthlyTokenLimit: 3 });
    expect(await maximum('user.month.tokens')).toBe(5);
    expect(await maximum('apiKey.month.tokens')).toBe(3);
    await admin(`PUT /admin/limits/users/${user}`, { monthlyTokenLimit: 5, isActive: false });
    expect(await maximum('user.month.tokens')).toBe(100_000);
    await admin(`PATCH /admin/users/${user}`, { planId: 'pro' });
    expect(await maximum('user.month.tokens')).toBe(5_000_000);
    await admin('PATCH /admin/plans/pro', { monthlyTokenLimit: 7 });
    expect(await maximum('user.month.tokens')).toBe(7);
    expect(await admin(`DELETE /admin/limits/api-keys/${key}`)).toMatchObject({ status: 204 });
    expect(await maximum('apiKey.month.tokens')).toBe(0);
  });

  it("G6: counts an API key's month by its owner's schedule, whoever calls with it", async () => {
    await admin(`PATCH /admin/users/${user}`, { billingDay: 25, timezone: 'Europe/Madrid' });
    const windows = async (caller: Parameters<PlanLimitResolver['termsOf']>[0]) => {
      const { counters } = await resolver().termsOf(caller, app.clock.now());
      return counters.map(({ subject, window }) => `${subject.kind} ${window.name}`);
    };
    const [owner, lent] = [userId(user), apiKeyId(key)];
    expect(await windows({ userId: owner, apiKeyId: lent })).toEqual([
      'user 2026-10-25',
      'apiKey 2026-10-25',
    ]);
    expect(await windows({ apiKeyId: lent })).toEqual(['apiKey 2026-10-25']);
    const other = userId(textIn(await app.ask('GET /me', { as: ADMIN }), 'id'));
    expect(await windows({ userId: other, apiKeyId: lent })).toEqual([
      'user 2026-11-01',
      'apiKey 2026-10-25',
    ]);
  });

  it('does not know the limits of a user whom nobody knows', async () => {
    await expect(resolver().termsOf({ userId: userId('none') }, 0)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('takes them away, so that the plan holds', async () => {
    const path = `/admin/limits/users/${user}`;
    expect(await admin(`GET ${path}`)).toMatchObject({
      status: 404,
      body: { detail: matching(/no limits of its own; those of the plan hold/) },
    });
    expect(await admin(`DELETE ${path}`)).toMatchObject({ status: 404 });
    await admin(`PUT ${path}`, {});
    expect(await admin(`DELETE ${path}`)).toMatchObject({ status: 204 });
    expect(await admin(`GET ${path}`)).toMatchObject({ status: 404 });
  });

  it('knows users and API keys apart, and no others', async () => {
    for (const path of [`users/${key}`, `api-keys/${user}`, 'users/none', 'api-keys/none']) {
      expect(await admin(`GET /admin/limits/${path}`)).toMatchObject({ status: 404 });
      expect(await admin(`PUT /admin/limits/${path}`, {})).toMatchObject({ status: 404 });
      expect(await admin(`DELETE /admin/limits/${path}`)).toMatchObject({ status: 404 });
    }
  });

  it.each([
    { monthlyTokenLimit: -1 },
    { monthlyCallLimit: '5' },
    { monthlyCostLimitUsd: 5 },
    { videoGenerationLimit: 0.5 },
    { rollingTokenLimit: true },
    { enforcement: 'loud' },
    { isActive: null },
    { isActive: 'false' },
    { monthlyCostLimitNanoUsd: 1 },
  ])('refuses %j', async (body) => {
    const [path] = Object.keys(body);
    const answer = await admin(`PUT /admin/limits/users/${user}`, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: faultsAt(path) } });
  });

  it('G12: is for admins only', async () => {
    const as = textIn(await admin(`POST /admin/users/${user}/api-keys`, { name: 'mine' }), 'key');
    const body = { monthlyTokenLimit: 0 };
    expect(await app.ask(`PUT /admin/limits/users/${user}`, { as, body })).toMatchObject({ status: 403 });
  });

  it('G15: writes every change into the audit log, also when they race', async () => {
    const path = `/admin/limits/users/${user}`;
    await Promise.all(
      [1, 2, 3].map((monthlyTokenLimit) => admin(`PUT ${path}?reason=race`, { monthlyTokenLimit })),
    );
    await admin(`DELETE ${path}`);
    const log = await admin(`GET /admin/audit?subjectKind=user&subjectId=${user}&limit=4`);
    const found: unknown = JSON.parse(JSON.stringify(log.body), (name, value: unknown) =>
      name === 'before' || name === 'after' ? tokensOf(value) : value,
    );
    const [last, ...puts] = Array.isArray(itemsOf(found)) ? itemsOf(found) : [];
    expect(last).toMatchObject({ action: 'limits.delete', after: null });
    // Each change begins where the one before it ended.
    const chain = [...puts].reverse().flatMap(({ before, after }) => [before, after]);
    expect(chain[0]).toBeNull();
    expect([chain[1], chain[3], chain[5]]).toEqual([chain[2], chain[4], last?.before]);
    expect(puts.map(({ action, reason }) => `${action} ${reason}`)).toEqual(Array(3).fill('limits.put race'));
  });
});

interface Entry {
  readonly action: string;
  readonly reason: string;
  readonly before: unknown;
  readonly after: unknown;
}

function tokensOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return 'monthlyTokenLimit' in value ? value.monthlyTokenLimit : value;
}

function itemsOf(body: unknown): Entry[] {
  if (typeof body !== 'object' || body === null || !('items' in body)) return [];
  return Array.isArray(body.items)
    ? body.items.filter((item): item is Entry => typeof item === 'object')
    : [];
}
