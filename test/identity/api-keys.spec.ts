import { setImmediate } from 'node:timers/promises';

import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, faultsAt, type IdentityApp, matching, startIdentityApp, textIn } from './identity-app.js';

describe('API keys', () => {
  let postgres: TestPostgres;
  let app: IdentityApp;
  let ada: string;
  let bob: string;

  const userOf = async (email: string) => {
    const answer = await app.ask('POST /auth/register', {
      body: { email, password: 'correct horse battery' },
    });
    return textIn(answer, 'accessToken');
  };
  const newKey = async (as: string, body: object = { name: 'test' }) => {
    const answer = await app.ask('POST /me/api-keys', { as, body });
    return { id: textIn(answer, 'id'), key: textIn(answer, 'key') };
  };

  beforeAll(async () => {
    postgres = await startPostgres();
    app = await startIdentityApp({ databaseUrl: postgres.url });
    ada = await userOf('ada@example.com');
    bob = await userOf('bob@example.com');
  });

  afterAll(async () => {
    await app.close();
    await postgres.stop();
  });

  it('are shown once and name their user', async () => {
    const made = await app.ask('POST /me/api-keys', { as: ada, body: { name: ' staging ' } });
    expect(made).toMatchObject({ status: 201, body: { name: 'staging', expiresAt: null, revokedAt: null } });
    const key = textIn(made, 'key');
    expect(key).toMatch(/^cuota_[\w-]{43}$/);
    expect(textIn(made, 'prefix')).toBe(`${key.slice(0, 14)}…`);
    const me = await app.ask('GET /me', { as: key });
    expect(me).toMatchObject({
      status: 200,
      body: { email: 'ada@example.com', apiKeyId: textIn(made, 'id') },
    });
    const list = await app.ask('GET /me/api-keys', { as: ada });
    expect(list).toMatchObject({ status: 200, body: { nextCursor: null } });
    expect(JSON.stringify(list)).toContain(textIn(made, 'id'));
    expect(JSON.stringify(list)).not.toContain(key);
  });

  it('G12: are nowhere in the database, nor is their hash in the audit log', async () => {
    const { key } = await newKey(ada);
    const rows: unknown = await app.sql.query(`
      SELECT to_jsonb(k) FROM api_key k UNION ALL SELECT to_jsonb(l) FROM audit_log l UNION ALL SELECT to_jsonb(u) FROM app_user u`);
    expect(JSON.stringify(rows)).not.toContain(key);
    expect(JSON.stringify(rows)).not.toContain(ADMIN);
    const log: unknown = await app.sql.query(
      `SELECT 1 FROM audit_log WHERE after ? 'keyHash' OR before ? 'keyHash'`,
    );
    expect(log).toEqual([]);
  });

  it('G12: are out as soon as they are revoked, and say so; again changes nothing', async () => {
    const { id, key } = await newKey(ada);
    expect(await app.ask('GET /me', { as: key })).toMatchObject({ status: 200 });
    expect(await app.ask(`DELETE /me/api-keys/${id}`, { as: ada })).toEqual({ status: 204, body: undefined });
    const refused = await app.ask('GET /me', { as: key });
    expect(refused).toMatchObject({
      status: 401,
      body: { detail: matching(/was revoked at 2026-11-21/) },
    });
    expect(await app.ask(`DELETE /me/api-keys/${id}`, { as: ada })).toMatchObject({ status: 204 });
    expect(await app.ask(`GET /admin/audit?subjectId=${id}`, { as: ADMIN })).toMatchObject({
      body: { items: [{ action: 'apiKey.revoke' }, { action: 'apiKey.create' }] },
    });
  });

  it('G12: expire on the instant, also where they are cached', async () => {
    const { key } = await newKey(ada, { name: 'short', expiresAt: '2026-11-21T12:30:00+00:00' });
    expect(await app.ask('GET /me', { as: key })).toMatchObject({ status: 200 });
    const start = app.clock.now();
    app.clock.moveTo('2026-11-21T12:30:00Z');
    const late = await app.ask('GET /me', { as: key });
    app.clock.moveTo(start);
    expect(late).toMatchObject({
      status: 401,
      body: { detail: matching(/expired at 2026-11-21T12:30/) },
    });
  });

  it.each(['yesterday', '2026-11-21T12:00:00Z', '2026-11-21T13:00:00', '2027-02-30T00:00:00Z!', 5])(
    'do not expire at %j',
    async (expiresAt) => {
      const answer = await app.ask('POST /me/api-keys', { as: ada, body: { name: 'x', expiresAt } });
      expect(answer).toMatchObject({ status: 400, body: { errors: faultsAt('expiresAt') } });
    },
  );

  it("G12: are their owner's alone: another's is not found, and stays", async () => {
    const { id, key } = await newKey(ada);
    expect(await app.ask(`DELETE /me/api-keys/${id}`, { as: bob })).toMatchObject({ status: 404 });
    expect(await app.ask('GET /me', { as: key })).toMatchObject({ status: 200 });
    expect(JSON.stringify(await app.ask('GET /me/api-keys', { as: bob }))).not.toContain(id);
    expect(await app.ask('DELETE /me/api-keys/%00', { as: ada })).toMatchObject({ status: 404 });
  });

  it('that nobody knows are refused as unknown', async () => {
    const answer = await app.ask('GET /me', { as: `cuota_${'x'.repeat(43)}` });
    expect(answer).toMatchObject({
      status: 401,
      body: { detail: matching(/API key is unknown/) },
    });
  });

  it('G12: with limits or an end make no keys without them', async () => {
    const ending = await newKey(ada, { name: 'ending', expiresAt: '2027-01-01' });
    const make = (as: string) => app.ask('POST /me/api-keys', { as, body: { name: 'child' } });
    expect(await make(ending.key)).toMatchObject({ status: 403 });
    const limited = await newKey(ada);
    expect(await make(limited.key)).toMatchObject({ status: 201 });
    await app.ask(`PUT /admin/limits/api-keys/${limited.id}`, { as: ADMIN, body: { monthlyTokenLimit: 10 } });
    expect(await make(limited.key)).toMatchObject({ status: 403 });
  });

  it('remember when they were used, to the minute', async () => {
    const { id, key } = await newKey(ada);
    const used = async (): Promise<unknown> => {
      const rows: { at: Date | null }[] = await app.sql.query(
        'SELECT last_used_at AS at FROM api_key WHERE id = $1',
        [id],
      );
      return rows[0]?.at?.toISOString();
    };
    expect(await used()).toBeUndefined();
    await app.ask('GET /me', { as: key });
    while ((await used()) === undefined) await setImmediate();
    expect(await used()).toBe('2026-11-21T12:00:00.000Z');
  });

  it('are listed page by page, the newest first', async () => {
    const as = await userOf('carol@example.com');
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.unshift((await newKey(as, { name })).id);
    const first = await app.ask('GET /me/api-keys?limit=2', { as });
    expect(first).toMatchObject({ body: { items: [{ id: ids[0] }, { id: ids[1] }] } });
    const rest = await app.ask(`GET /me/api-keys?limit=2&cursor=${textIn(first, 'nextCursor')}`, { as });
    expect(rest).toMatchObject({ body: { items: [{ id: ids[2] }], nextCursor: null } });
    for (const query of ['cursor=abc', 'limit=0', 'limit=x', 'page=2'])
      expect(await app.ask(`GET /me/api-keys?${query}`, { as })).toMatchObject({ status: 400 });
  });
});
