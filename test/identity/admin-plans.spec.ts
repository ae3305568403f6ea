import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, faultsAt, type IdentityApp, matching, startIdentityApp, textIn } from './identity-app.js';

describe('/admin/plans', () => {
  let postgres: TestPostgres;
  let app: IdentityApp;

  beforeAll(async () => {
    postgres = await startPostgres();
    app = await startIdentityApp({ databaseUrl: postgres.url });
  });

  afterAll(async () => {
    await app.close();
    await postgres.stop();
  });

  const admin = (request: string, body?: object) =>
    app.ask(request, { as: ADMIN, ...(body ? { body } : {}) });

  it('holds free, pro and enterprise from the start', async () => {
    expect(await admin('GET /admin/plans')).toMatchObject({
      status: 200,
      body: {
        items: [
          { id: 'enterprise', monthlyCallLimit: 0, requestsPerMinute: 3000, burst: 300 },
          {
            id: 'free',
            monthlyTokenLimit: 100_000,
            maxOutputTokens: 1024,
            requestsPerMinute: null,
            burst: null,
          },
          { id: 'pro', monthlyCostLimitUsd: '50', requestsPerMinute: 300, burst: 50 },
        ],
        nextCursor: null,
      },
    });
  });

  it('G12: is for admins only', async () => {
    const user = await app.ask('POST /auth/register', {
      body: { email: 'u@example.com', password: 'long enough' },
    });
    const as = textIn(user, 'accessToken');
    expect(await app.ask('GET /admin/plans', { as })).toMatchObject({
      status: 403,
      body: {
        code: 'forbidden',
        detail: matching(/for the role admin; you have the role user/),
      },
    });
    expect(await app.ask('GET /admin/plans')).toMatchObject({ status: 401 });
  });

  it('makes a plan; what is left out is unlimited', async () => {
    const endpointRates = { 'PATCH /admin/plans/:id': { requestsPerMinute: 90, burst: 9 } };
    const body = { id: 'team', monthlyTokenLimit: 9e15, monthlyCostLimitUsd: '12.50', endpointRates };
    const made = await admin('POST /admin/plans', body);
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: 'team',
        name: 'team',
        monthlyTokenLimit: 9e15,
        monthlyCallLimit: null,
        monthlyCostLimitUsd: '12.5',
        quotaWindow: 'calendar',
        endpointRates,
      },
    });
    expect(await admin('GET /admin/plans/team')).toEqual({ status: 200, body: made.body });
    expect(await admin('POST /admin/plans', { id: 'team' })).toMatchObject({ status: 409 });
  });

  it('changes what is given and leaves the rest; null is given', async () => {
    await admin('POST /admin/plans', {
      id: 'patched',
      name: 'One',
      monthlyTokenLimit: 5,
      monthlyCallLimit: 6,
    });
    const patch = { name: 'Two', monthlyTokenLimit: null, monthlyCostLimitUsd: '0.000000001', burst: 3 };
    const answer = await admin('PATCH /admin/plans/patched', patch);
    expect(answer).toMatchObject({ status: 200, body: { ...patch, monthlyCallLimit: 6 } });
    expect(await admin('GET /admin/plans/patched')).toMatchObject({
      body: { ...patch, monthlyCallLimit: 6 },
    });
    expect(await admin('PATCH /admin/plans/none', {})).toMatchObject({ status: 404 });
  });

  it.each([
    { id: 'Bad Id' },
    { id: 'x', monthlyTokenLimit: -1 },
    { id: 'x', monthlyTokenLimit: 1.5 },
    { id: 'x', monthlyTokenLimit: 9.1e15 },
    { id: 'x', monthlyTokenLimit: '5' },
    { id: 'x', monthlyCostLimitUsd: 12.5 },
    { id: 'x', monthlyCostLimitUsd: '-1' },
    { id: 'x', monthlyCostLimitUsd: '1e3' },
    { id: 'x', monthlyCostLimitUsd: '1000000' },
    { id: 'x', quotaWindow: 'weekly' },
    { id: 'x', name: null },
    { id: 'x', requestsPerMinute: 0 },
    { id: 'x', endpointRates: { 'GET /': 5 } },
    { id: 'x', unknown: 1 },
  ])('refuses %j', async (body) => {
    const path = Object.keys(body).at(-1);
    expect(await admin('POST /admin/plans', body)).toMatchObject({
      status: 400,
      body: { errors: faultsAt(path) },
    });
  });

  it('removes a plan that nobody has, and neither free nor one in use', async () => {
    await admin('POST /admin/plans', { id: 'gone' });
    expect(await admin('DELETE /admin/plans/gone')).toMatchObject({ status: 204 });
    expect(await admin('GET /admin/plans/gone')).toMatchObject({ status: 404 });
    expect(await admin('DELETE /admin/plans/gone')).toMatchObject({ status: 404 });
    expect(await admin('DELETE /admin/plans/free')).toMatchObject({ status: 409 });
    await admin('POST /admin/users', { email: 'p@example.com', planId: 'pro' });
    expect(await admin('DELETE /admin/plans/pro')).toMatchObject({
      status: 409,
      body: { detail: matching(/Users have the plan pro/) },
    });
  });

  it('G15: writes who changed what, when, why, before and after', async () => {
    await admin('POST /admin/plans', { id: 'audited', monthlyTokenLimit: 1 });
    await admin('PATCH /admin/plans/audited?reason=spring%20offer', { monthlyTokenLimit: 2 });
    await admin('DELETE /admin/plans/audited');
    const log = await admin('GET /admin/audit?subjectKind=plan&subjectId=audited');
    const actor = { label: 'admin@cuota.local', id: matching(/./) };
    expect(log).toMatchObject({
      body: {
        items: [
          { action: 'plan.delete', actor, before: { monthlyTokenLimit: 2 }, after: null, reason: null },
          {
            action: 'plan.update',
            actor,
            at: '2026-11-21T12:00:00.000Z',
            reason: 'spring offer',
            before: { monthlyTokenLimit: 1 },
            after: { monthlyTokenLimit: 2 },
          },
          { action: 'plan.create', actor, before: null, after: { id: 'audited' } },
        ],
      },
    });
    const next = await admin('GET /admin/audit?subjectId=audited&limit=2');
    const rest = await admin(
      `GET /admin/audit?subjectId=audited&limit=2&cursor=${textIn(next, 'nextCursor')}`,
    );
    expect(rest).toMatchObject({ body: { items: [{ action: 'plan.create' }], nextCursor: null } });
  });

  it('G15: leaves no entry of a change that failed, and lets nobody change an entry', async () => {
    const count = async (): Promise<unknown> => app.sql.query('SELECT count(*) FROM audit_log');
    const before = await count();
    await admin('DELETE /admin/plans/enterprise');
    await admin('POST /admin/plans', { id: 'free' });
    expect(await count()).toEqual(before);
    const forbidden = ['UPDATE audit_log SET reason = null', 'DELETE FROM audit_log', 'TRUNCATE audit_log'];
    for (const sql of forbidden) await expect(app.sql.query(sql)).rejects.toThrow(/append-only/);
  });
});
