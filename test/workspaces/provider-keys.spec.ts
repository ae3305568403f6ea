import { DataSource } from 'typeorm';

import { createApp } from '../../src/create-app.js';
import { readSettings } from '../../src/config/index.js';
import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

const KEY = 'sk-of-a-workspace-secret-x4Qz';
const OLD = Buffer.alloc(32, 1).toString('base64');
const NEW = Buffer.alloc(32, 2).toString('base64');
const OPENAI = {
  name: 'openai',
  api_key: KEY,
  rate_limit: 100,
  rate_limit_period: 60,
  config: { model: 'gpt-4', api_version: '2023-05-15' },
};

describe('provider keys', () => {
  let harness: Harness;
  let owner: TestUser;
  let member: TestUser;
  let other: TestUser;
  let id: string;
  let names = 0;

  beforeAll(async () => {
    harness = await newHarness({ env: { ENCRYPTION_KEY: `old:${OLD}` } });
    [owner, member, other] = [await harness.newUser(), await harness.newUser(), await harness.newUser()];
  });

  afterAll(() => harness.stop());

  beforeEach(async () => {
    id = `keys-${++names}`;
    await owner.api.post('/workspaces', { workspace_id: id });
    await owner.api.post(`/workspaces/${id}/members`, { user_id: member.id });
  });

  const add = (more: object = {}, by = owner) =>
    by.api.post('/provider-keys', { workspace_id: id, ...OPENAI, ...more });
  const stored = (): Promise<Record<string, unknown>[]> =>
    harness.app
      .get(DataSource)
      .query('SELECT * FROM provider_keys WHERE workspace_id = $1 ORDER BY id', [id]);
  const audit = async (keyId: string) =>
    (await harness.admin.get(`/admin/audit?subjectKind=providerKey&subjectId=${keyId}`)).body.items;

  it('a workspace is registered with its keys, whose last four characters are all that is shown', async () => {
    const answer = await owner.api.post('/workspace/register', {
      workspace_id: `${id}-whole`,
      providers: [OPENAI, { name: 'Groq', api_key: 'gsk-something' }],
    });
    expect(answer.status).toBe(201);
    expect(answer.body.providers).toMatchObject([
      {
        name: 'openai',
        api_key_last_four: 'x4Qz',
        rate_limit: 100,
        rate_limit_period: 60,
        config: OPENAI.config,
      },
      { name: 'groq', api_key_last_four: 'hing', rate_limit: null, rate_limit_period: null, config: {} },
    ]);
    expect(JSON.stringify(answer.body)).not.toContain(KEY);
    const listed = await owner.api.get(`/workspaces?workspace_id=${id}-whole`);
    expect(listed.body.items).toEqual([answer.body]);
  });

  it.each([
    [{ name: 'nobody' }, 'providers.1.name'],
    [{ api_key: 'short' }, 'providers.1.api_key'],
    [{ api_key: undefined }, 'providers.1.api_key'],
    [{ rate_limit: 0 }, 'providers.1.rate_limit'],
    [{ rate_limit_period: 'x' }, 'providers.1.rate_limit_period'],
    [{ config: { base_url: 'http://169.254.169.254' } }, 'providers.1.config.base_url'],
    [{ config: 'x' }, 'providers.1.config'],
    [{ config: null }, 'providers.1.config'],
    [{ name: 7 }, 'providers.1.name'],
  ])('registers all or nothing: %o is refused with its path', async (fault, path) => {
    const workspace_id = `${id}-none`;
    const answer = await owner.api.post('/workspaces', {
      workspace_id,
      providers: [OPENAI, { ...OPENAI, ...fault }],
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
    expect((await owner.api.get(`/workspaces?workspace_id=${workspace_id}`)).body.items).toEqual([]);
  });

  it.each([null, 'x', [null], ['x'], [[]], Array.from({ length: 51 }, () => OPENAI)])(
    'refuses %j as keys',
    async (providers) => {
      expect((await owner.api.post('/workspaces', { providers })).status).toBe(400);
    },
  );

  it.each([
    ['/provider-keys', '/provider-keys/', '/provider-keys/'],
    ['/provider-key/add', '/provider-key/update/', '/provider-key/delete/'],
  ])('adds by %s, changes by %s:id, deletes by %s:id', async (adding, changing, deleting) => {
    const added = await owner.api.post(adding, { workspace_id: id, ...OPENAI });
    expect(added.status).toBe(201);
    const changed = await owner.api.put(`${changing}${added.body.id}`, { rate_limit: 7 });
    expect(changed.body).toMatchObject({
      rate_limit: 7,
      rate_limit_period: 60,
      config: OPENAI.config,
      api_key_last_four: 'x4Qz',
    });
    const again = await owner.api.put(`${changing}${added.body.id}`, {
      rate_limit: null,
      api_key: 'sk-another-one',
      config: {},
    });
    expect(again.body).toMatchObject({
      rate_limit: null,
      rate_limit_period: null,
      config: {},
      api_key_last_four: '-one',
    });
    expect((await owner.api.get(`/provider-keys/?workspace_id=${id}`)).body.items).toEqual([again.body]);
    expect((await owner.api.delete(`${deleting}${added.body.id}`)).status).toBe(204);
    expect((await owner.api.get(`/provider-keys?workspace_id=${id}`)).body.items).toEqual([]);
    expect((await owner.api.delete(`${deleting}${added.body.id}`)).status).toBe(404);
  });

  it('members see them and change none', async () => {
    const { body } = await add();
    expect((await member.api.get(`/provider-keys?workspace_id=${id}`)).body.items).toEqual([body]);
    for (const answer of [
      await add({}, member),
      await member.api.put(`/provider-keys/${body.id}`, { rate_limit: 1 }),
      await member.api.delete(`/provider-keys/${body.id}`),
    ])
      expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('G12: another’s key is a 404 over every endpoint that takes its id or its workspace', async () => {
    const { body } = await add();
    const calls = [
      () => add({}, other),
      () => other.api.post('/provider-key/add', { workspace_id: id, ...OPENAI }),
      () => other.api.get(`/provider-keys?workspace_id=${id}`),
      ...['/provider-keys/', '/provider-key/update/'].map(
        (path) => () => other.api.put(`${path}${body.id}`, { rate_limit: 1 }),
      ),
      ...['/provider-keys/', '/provider-key/delete/'].map(
        (path) => () => other.api.delete(`${path}${body.id}`),
      ),
    ];
    for (const call of calls) expect((await call()).status).toBe(404);
    expect((await other.api.get('/provider-keys?limit=200')).body.items).toEqual([]);
    expect((await other.api.put(`/provider-keys/${body.id}`, {})).body.detail).not.toContain(id);
    expect((await owner.api.get(`/provider-keys?workspace_id=${id}`)).body.items).toEqual([body]);
  });

  it('G12: a key lies encrypted, for its own row', async () => {
    await add();
    await add();
    const [one, two] = await stored();
    expect(JSON.stringify([one, two])).not.toContain(Buffer.from(KEY).toString('hex'));
    expect(one?.sealed).not.toEqual(two?.sealed);
    expect(one?.encryption_key_id).toBe('old');
    expect(harness.log.join('')).not.toContain(KEY);
  });

  it('G15: the audit log has every change, and no key', async () => {
    const { body } = await add();
    await owner.api.put(`/provider-keys/${body.id}`, { api_key: 'sk-another-one' });
    await owner.api.delete(`/provider-keys/${body.id}?reason=leaked`);
    const entries = await audit(body.id);
    expect(entries).toMatchObject([
      { action: 'providerKey.delete', reason: 'leaked', before: { lastFour: '-one' }, after: null },
      {
        action: 'providerKey.update',
        before: { lastFour: 'x4Qz' },
        after: { lastFour: '-one', keyReplaced: true },
      },
      {
        action: 'providerKey.add',
        before: null,
        after: { workspaceId: id, provider: 'openai', rateLimit: 100 },
      },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/sk-|sealed/);
  });

  it('goes with its workspace', async () => {
    await add();
    await owner.api.delete(`/workspaces/${id}`);
    expect(await stored()).toEqual([]);
  });

  const instance = async (more: Record<string, string>) => {
    const read = readSettings({ ...harness.environment(), ...more });
    if ('faults' in read) throw new Error(read.faults.join());
    const app = await createApp(read.settings, { clock: harness.clock, log: { write: () => undefined } });
    await app.listen(0, '127.0.0.1');
    return app;
  };

  it('without ENCRYPTION_KEY a server on DATABASE_URL registers none, and says what to set', async () => {
    const app = await instance({ ENCRYPTION_KEY: '' });
    const client = new ApiClient(await app.getUrl(), owner.key);
    const answer = await client.post('/workspaces', { workspace_id: `${id}-bare`, providers: [OPENAI] });
    await app.close();
    expect(answer.body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('ENCRYPTION_KEY is not set'),
    });
    expect((await owner.api.get(`/workspaces?workspace_id=${id}-bare`)).body.items).toEqual([]);
  });

  it('what was encrypted with an old key is encrypted with the first one at the next start', async () => {
    await add();
    const app = await instance({ ENCRYPTION_KEY: `new:${NEW},old:${OLD}` });
    await app.close();
    expect((await stored()).map((row) => row.encryption_key_id)).toEqual(['new']);
  });

  it('a key whose encrypting key is missing is a 503 that tells nothing of it; the log tells the operator which', async () => {
    const added = await add();
    const app = await instance({ ENCRYPTION_KEY: `new:${NEW}` });
    const client = new ApiClient(await app.getUrl(), member.key);
    const ask = () =>
      client.post(
        '/v1/chat/completions',
        { messages: [{ role: 'user', content: 'x' }] },
        { 'X-Workspace-Id': id },
      );
    const [first, second] = [await ask(), await ask()];
    await app.close();
    expect(first.headers.get('retry-after')).toBe('60');
    for (const answer of [first, second]) {
      expect([answer.status, answer.body.error.code]).toEqual([503, 'providers_exhausted']);
      expect(answer.body.error.attempts).toEqual([
        { provider: 'openai', status: null, reason: 'key_unreadable' },
      ]);
      expect(JSON.stringify(answer.body)).not.toMatch(/old|ENCRYPTION_KEY|of-a-workspace-secret/);
    }
    const told = harness.log.filter((line) => line.includes('"encryptedWith":"old"'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(added.body.id);
    expect(told[0]).toContain('ENCRYPTION_KEY has no key old');
    expect(harness.log.join('')).not.toContain(KEY);
  });
});
