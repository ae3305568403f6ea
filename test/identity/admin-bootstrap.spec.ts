import { AdminBootstrap } from '../../src/identity/accounts/admin-bootstrap.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { type IdentityApp, startIdentityApp } from './identity-app.js';

const KEY = 'chosen-by-the-operator';

describe('the first admin', () => {
  let postgres: TestPostgres;
  let databaseUrl: string;
  let printed: string[];
  const started: IdentityApp[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  beforeEach(async () => {
    databaseUrl = await postgres.newDatabase();
    printed = [];
    const write = process.stdout.write.bind(process.stdout);
    jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      if (!String(chunk).includes('CUOTA_KEY')) return write(chunk);
      printed.push(String(chunk));
      return true;
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const app of started.splice(0)) await app.close();
  });

  afterAll(() => postgres.stop());

  const start = async (key: string) => {
    const app = await startIdentityApp({ databaseUrl, env: { BOOTSTRAP_ADMIN_KEY: key } });
    started.push(app);
    return app;
  };
  const keyIn = (text = '') => /^ {2}export CUOTA_KEY=(cuota_[\w-]{43})$/m.exec(text)?.[1] ?? '';
  const status = async (app: IdentityApp, as: string) => (await app.ask('GET /admin/plans', { as })).status;

  it('is made at the first start, and its key printed once with a line to paste', async () => {
    const app = await start('');
    expect(printed).toHaveLength(1);
    expect(await status(app, keyIn(printed[0]))).toBe(200);
    await start('');
    expect(printed).toHaveLength(1);
  });

  it('is one, however many instances start at once', async () => {
    await start(KEY);
    await Promise.all([start(KEY), start(KEY)]);
    const [app] = started;
    expect(await app?.sql.query('SELECT count(*)::int AS n FROM app_user')).toEqual([{ n: 1 }]);
    expect(await app?.sql.query('SELECT count(*)::int AS n FROM api_key')).toEqual([{ n: 1 }]);
    expect(printed).toEqual([]);
  });

  it.each(['', KEY])(
    'is one where five starts meet in the database (BOOTSTRAP_ADMIN_KEY=%j)',
    async (key) => {
      const app = await start(key);
      await app.sql.query('DELETE FROM api_key');
      await app.sql.query('DELETE FROM app_user');
      printed = [];
      const bootstrap = app.get(AdminBootstrap);
      await Promise.all(Array.from({ length: 5 }, () => bootstrap.onApplicationBootstrap()));
      expect(await app.sql.query('SELECT count(*)::int AS n FROM api_key')).toEqual([{ n: 1 }]);
      expect(printed).toHaveLength(key === '' ? 1 : 0);
    },
  );

  it('has the key of BOOTSTRAP_ADMIN_KEY, of which little is shown', async () => {
    const app = await start(KEY);
    expect(await status(app, KEY)).toBe(200);
    expect(await app.sql.query('SELECT prefix FROM api_key')).toEqual([{ prefix: 'chos…' }]);
  });

  it('has the new key, and not the former, when BOOTSTRAP_ADMIN_KEY is changed', async () => {
    const former = await start(KEY);
    expect(await status(former, KEY)).toBe(200);
    const app = await start('another-chosen-key');
    expect(await status(app, 'another-chosen-key')).toBe(200);
    expect(await status(app, KEY)).toBe(401);
  });

  it('G12: keeps a revoked BOOTSTRAP_ADMIN_KEY revoked over a restart', async () => {
    const app = await start(KEY);
    const list = await app.ask('GET /me/api-keys', { as: KEY });
    const [, id = ''] = /"id":"([^"]+)"/.exec(JSON.stringify(list.body)) ?? [];
    expect(await app.ask(`DELETE /me/api-keys/${id}`, { as: KEY })).toMatchObject({ status: 204 });
    const again = await start(KEY);
    expect(await status(again, KEY)).toBe(401);
  });

  it('G15: is in the audit log, made by the start', async () => {
    const app = await start(KEY);
    expect(await app.ask('GET /admin/audit', { as: KEY })).toMatchObject({
      body: {
        items: [
          { action: 'apiKey.create', actor: { id: null, label: 'bootstrap' } },
          {
            action: 'user.create',
            actor: { id: null, label: 'bootstrap' },
            before: null,
            after: { role: 'admin' },
          },
        ],
      },
    });
  });
});
