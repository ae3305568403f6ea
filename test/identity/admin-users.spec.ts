import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, faultsAt, type IdentityApp, startIdentityApp, textIn } from './identity-app.js';

describe('/admin/users', () => {
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
  const make = async (email: string, rest: object = {}) =>
    textIn(await admin('POST /admin/users', { email, ...rest }), 'id');

  it('makes a user with plan, role and password', async () => {
    const body = {
      email: 'Ada@example.com',
      password: 'long enough',
      name: 'Ada',
      planId: 'pro',
      role: 'admin',
    };
    expect(await admin('POST /admin/users', body)).toMatchObject({
      status: 201,
      body: { email: 'ada@example.com', name: 'Ada', planId: 'pro', role: 'admin', status: 'active' },
    });
    const login = { email: 'ada@example.com', password: 'long enough' };
    expect(await app.ask('POST /auth/login', { body: login })).toMatchObject({ status: 200 });
    expect(await admin('POST /admin/users', body)).toMatchObject({ status: 409 });
  });

  it('finds a user by address, whatever its case, and by id', async () => {
    const id = await make('Find.Me@example.com');
    await make('find.me.too@example.com');
    expect(await admin('GET /admin/users?email=FIND.me@Example.com')).toMatchObject({
      status: 200,
      body: { items: [{ id }], nextCursor: null },
    });
    expect(await admin('GET /admin/users?email=nobody@example.com')).toMatchObject({ body: { items: [] } });
    expect(await admin(`GET /admin/users/${id}`)).toMatchObject({ body: { email: 'find.me@example.com' } });
    for (const unknown of ['none', '%00', 'a%20b'])
      expect(await admin(`GET /admin/users/${unknown}`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
  });

  it('lists page by page, each user once', async () => {
    for (const n of [1, 2, 3]) await make(`page${n}@example.com`);
    const emails: string[] = [];
    let query = '';
    for (;;) {
      const page = await admin(`GET /admin/users?limit=2${query}`);
      emails.push(...(JSON.stringify(page.body).match(/[\w.]+@[\w.]+/g) ?? []));
      if (JSON.stringify(page.body).includes('"nextCursor":null')) break;
      query = `&cursor=${textIn(page, 'nextCursor')}`;
    }
    expect(emails).toEqual(
      expect.arrayContaining(['page1@example.com', 'page2@example.com', 'page3@example.com']),
    );
    expect(new Set(emails).size).toBe(emails.length);
    expect(await admin('GET /admin/users?cursor=%21%21')).toMatchObject({
      status: 400,
      body: { errors: faultsAt('cursor') },
    });
  });

  it('changes plan, billing day and zone; null takes them away', async () => {
    const id = await make('change@example.com');
    const change = { planId: 'pro', billingDay: 31, timezone: 'Europe/Madrid' };
    expect(await admin(`PATCH /admin/users/${id}`, change)).toMatchObject({ status: 200, body: change });
    const reset = { billingDay: null, timezone: null };
    expect(await admin(`PATCH /admin/users/${id}`, reset)).toMatchObject({
      body: { planId: 'pro', ...reset },
    });
    expect(await admin(`PATCH /admin/users/none`, {})).toMatchObject({ status: 404 });
  });

  it.each([
    { planId: 'none' },
    { planId: null },
    { role: 'root' },
    { status: 'gone' },
    { billingDay: 0 },
    { billingDay: 32 },
    { billingDay: 1.5 },
    { timezone: 'Mars/Olympus' },
    { timezone: '' },
    { email: 'other@example.com' },
  ])('refuses to change a user to %j', async (body) => {
    const id = await make(`refused-${Object.entries(body).flat().length}-${Math.random()}@example.com`);
    const [path] = Object.keys(body);
    expect(await admin(`PATCH /admin/users/${id}`, body)).toMatchObject({
      status: 400,
      body: { errors: faultsAt(path) },
    });
  });

  it('refuses a new user with an unknown plan', async () => {
    const body = { email: 'noplan@example.com', planId: 'none' };
    expect(await admin('POST /admin/users', body)).toMatchObject({
      status: 400,
      body: { errors: faultsAt('planId') },
    });
  });

  it('keeps one active admin at least, however many are unmade at once', async () => {
    const url = await postgres.newDatabase();
    const alone = await startIdentityApp({ databaseUrl: url });
    try {
      const first = textIn(await alone.ask('GET /me', { as: ADMIN }), 'id');
      const unmake = (id: string) =>
        alone.ask(`PATCH /admin/users/${id}`, { as: ADMIN, body: { status: 'disabled' } });
      expect(await unmake(first)).toMatchObject({ status: 409 });
      const body = { email: 'second@example.com', role: 'admin' };
      const second = textIn(await alone.ask('POST /admin/users', { as: ADMIN, body }), 'id');
      const answers = await Promise.all([unmake(second), unmake(first)]);
      expect(answers.map(({ status }) => status)).toContain(200);
      const admins: unknown = await alone.sql.query(
        `SELECT count(*)::int AS n FROM app_user WHERE role = 'admin' AND status = 'active'`,
      );
      expect(admins).toEqual([{ n: 1 }]);
    } finally {
      await alone.close();
    }
  });

  it("makes, lists and revokes a user's API keys", async () => {
    const id = await make('keys@example.com');
    const made = await admin(`POST /admin/users/${id}/api-keys`, { name: 'for them' });
    expect(made).toMatchObject({ status: 201, body: { name: 'for them' } });
    const as = textIn(made, 'key');
    expect(await app.ask('GET /me', { as })).toMatchObject({ body: { email: 'keys@example.com' } });
    const keyId = textIn(made, 'id');
    expect(await admin(`GET /admin/users/${id}/api-keys`)).toMatchObject({
      body: { items: [{ id: keyId }] },
    });
    const other = await make('other-keys@example.com');
    expect(await admin(`DELETE /admin/users/${other}/api-keys/${keyId}`)).toMatchObject({ status: 404 });
    expect(await admin(`DELETE /admin/users/${id}/api-keys/${keyId}`)).toMatchObject({ status: 204 });
    expect(await app.ask('GET /me', { as })).toMatchObject({ status: 401 });
    expect(await admin('POST /admin/users/none/api-keys', { name: 'x' })).toMatchObject({ status: 404 });
  });

  it('G15: writes a change of a user into the audit log, without any secret', async () => {
    const id = await make('log@example.com', { password: 'long enough' });
    await admin(`PATCH /admin/users/${id}?reason=asked`, { planId: 'pro' });
    const log = await admin(`GET /admin/audit?subjectKind=user&subjectId=${id}`);
    expect(log).toMatchObject({
      body: {
        items: [
          { action: 'user.update', reason: 'asked', before: { planId: 'free' }, after: { planId: 'pro' } },
          { action: 'user.create', before: null, after: { email: 'log@example.com' } },
        ],
      },
    });
    expect(JSON.stringify(log)).not.toMatch(/scrypt|password|long enough/);
  });
});
