import { ApiClient } from '../support/api-client.js';
import { type EmulatedRequest, type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

const MESSAGES = [{ role: 'user', content: 'Tell me about the sea.' }];

/** Alpha and beta are the operator's; a workspace has keys of its own at alpha. */
describe.each([false, true])('own keys (Redis: %s)', (redis) => {
  let harness: Harness;
  let alpha: Emulator;
  let beta: Emulator;
  let user: TestUser;
  let id: string;
  let names = 0;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([startEmulator(), startEmulator()]);
    harness = await newHarness({
      redis,
      env: {
        ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('hex'),
        ROUTING_PERMIT_WAIT_MS: '100',
        PROVIDER_ORDER: 'beta,alpha',
        ...providerAt('alpha', alpha, {
          models: 'chat=gpt-4o-mini,sora-2,text-embedding-3-small',
          more: { RATE_PER_SEC: '1000' },
        }),
        ...providerAt('beta', beta, { models: 'chat=gpt-4o,sora-2,gpt-image-1' }),
      },
    });
    user = await harness.newUser();
  });

  afterAll(async () => {
    await harness.stop();
    await Promise.all([alpha.stop(), beta.stop()]);
  });

  beforeEach(() => {
    for (const emulator of [alpha, beta]) emulator.reset();
    id = `own-${redis}-${++names}`;
  });

  const key = (letter: string) => `sk-own-${letter}-${names}`;
  const register = async (...keys: object[]) => {
    const providers = keys.map((one) => ({ name: 'alpha', ...one }));
    const { status, body } = await user.api.post('/workspaces', { workspace_id: id, providers });
    expect(status).toBe(201);
    return body.providers.map((one: { id: string }) => one.id);
  };
  const chat = (more: object = {}) =>
    user.api.post(
      '/v1/chat/completions',
      { model: 'chat', messages: MESSAGES, ...more },
      { 'X-Workspace-Id': id },
    );
  const keysAt = (emulator: Emulator) => emulator.requests.map(keyOf);

  it('a call goes with the workspace’s key, before the operator’s providers; others go with the operator’s', async () => {
    await register({ api_key: key('a') });
    const answer = await chat();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-cuota-provider')).toBe('alpha');
    expect(keysAt(alpha)).toEqual([key('a')]);
    expect(
      (await user.api.post('/v1/chat/completions', { model: 'alpha/chat', messages: MESSAGES })).status,
    ).toBe(200);
    expect(keysAt(alpha)).toEqual([key('a'), 'sk-alpha-secret']);
    expect((await chat({ stream: true })).body).toContain('[DONE]');
    expect(keysAt(alpha)[2]).toBe(key('a'));
  });

  it('for what it has no key the operator’s are used', async () => {
    await register({ api_key: key('a') });
    const images = { model: 'gpt-image-1', prompt: 'the sea' };
    expect((await user.api.post('/v1/images/generations', images, { 'X-Workspace-Id': id })).status).toBe(
      200,
    );
    expect(keysAt(beta)).toEqual(['sk-beta-secret']);
  });

  it('with own keys at a provider the operator’s key is never used there, whatever its own come to', async () => {
    await register({ api_key: key('a') }, { api_key: key('b') });
    alpha.always({ status: 401 });
    const answer = await chat({ model: 'alpha/chat' });
    expect(answer.status).toBe(503);
    expect(answer.body.error.attempts).toEqual([
      { provider: 'alpha', status: 401, reason: 'auth' },
      { provider: 'alpha', status: 401, reason: 'auth' },
    ]);
    expect(keysAt(alpha)).toEqual([key('a'), key('b')]);
    expect(JSON.stringify(answer.body) + harness.log.join('')).not.toContain(key('a'));
  });

  it.each([[429], [401]])(
    'a key that answers %i is followed by the next, and rests; the operator’s does not',
    async (status) => {
      await register({ api_key: key('a') }, { api_key: key('b') });
      alpha.always((request) => (keyOf(request) === key('a') ? { status } : {}));
      expect((await chat()).status).toBe(200);
      expect((await chat()).status).toBe(200);
      expect(keysAt(alpha)).toEqual([key('a'), key('b'), key('b')]);
      const { body } = await harness.admin.get('/admin/providers');
      expect(body.items.find((one: { name: string }) => one.name === 'alpha')).toMatchObject({
        state: 'available',
      });
    },
  );

  it('keys share the load by what is left in their buckets; one that is spent is passed over', async () => {
    await register(
      { api_key: key('a'), rate_limit: 2, rate_limit_period: 3600 },
      { api_key: key('b'), rate_limit: 4, rate_limit_period: 3600 },
    );
    for (let at = 0; at < 6; at++) expect((await chat({ model: 'alpha/chat' })).status).toBe(200);
    expect(keysAt(alpha).slice(0, 2)).toEqual([key('b'), key('b')]);
    expect([...keysAt(alpha)].sort()).toEqual([key('a'), key('a'), key('b'), key('b'), key('b'), key('b')]);
    const answer = await chat({ model: 'alpha/chat' });
    expect(answer.status).toBe(503);
    expect(answer.body.error.attempts.map((one: { reason: string }) => one.reason)).toEqual([
      'no_permits',
      'no_permits',
    ]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(600);
    expect(alpha.requests).toHaveLength(6);
  });

  it('keys without a rate take turns, also for calls at once', async () => {
    await register({ api_key: key('a') }, { api_key: key('b') });
    await Promise.all(Array.from({ length: 6 }, () => chat({ model: 'alpha/chat' })));
    for (const letter of ['a', 'b'])
      expect(keysAt(alpha).filter((one) => one === key(letter))).toHaveLength(3);
  });

  it('a response is continued with the key that made it', async () => {
    await register({ api_key: key('a') }, { api_key: key('b') });
    const respond = (more: object = {}) =>
      user.api.post(
        '/v1/responses',
        { model: 'alpha/chat', input: 'Say it.', ...more },
        { 'X-Workspace-Id': id },
      );
    const made = await respond();
    for (let at = 0; at < 3; at++)
      expect((await respond({ previous_response_id: made.body.id })).status).toBe(200);
    expect(keysAt(alpha)).toEqual([key('a'), key('a'), key('a'), key('a')]);
    // Else it would be the turn of the other.
    await respond();
    expect(keysAt(alpha).at(-1)).toBe(key('b'));
  });

  it('calls at once never spend more than a key has, over all keys', async () => {
    await register(
      { api_key: key('a'), rate_limit: 3, rate_limit_period: 3600 },
      { api_key: key('b'), rate_limit: 3, rate_limit_period: 3600 },
    );
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => chat({ model: 'alpha/chat' })))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(6);
    for (const letter of ['a', 'b'])
      expect(keysAt(alpha).filter((one) => one === key(letter))).toHaveLength(3);
  });

  it('G8: a key that was replaced or deleted is used no more', async () => {
    const [first] = await register({ api_key: key('a') });
    await chat();
    await user.api.put(`/provider-keys/${first}`, { api_key: key('new') });
    await chat();
    await user.api.delete(`/provider-keys/${first}`);
    await chat({ model: 'alpha/chat' });
    expect(keysAt(alpha)).toEqual([key('a'), key('new'), 'sk-alpha-secret']);
  });

  it('a key that was refused rests, and one that replaces it does not', async () => {
    const [first] = await register({ api_key: key('a') });
    alpha.always((request) => (keyOf(request) === key('a') ? { status: 401 } : {}));
    const refused = await chat({ model: 'alpha/chat' });
    expect(refused.body.error.message).toContain('does not accept the key of this workspace');
    await user.api.put(`/provider-keys/${first}`, { api_key: key('new') });
    harness.clock.advance(1_000);
    expect((await chat({ model: 'alpha/chat' })).status).toBe(200);
    expect(keysAt(alpha)).toEqual([key('a'), key('new')]);
  });

  it('the model of a key is served where a call names none, and is listed to its workspace alone', async () => {
    await register({ api_key: key('a'), config: { model: 'house-model', api_version: '2026-01-01' } });
    await chat({ model: 'auto' });
    expect(alpha.requests[0]).toMatchObject({ body: { model: 'house-model' } });
    expect(alpha.requests[0]?.path).toContain('api-version=2026-01-01');
    const list = async (headers?: Record<string, string>) =>
      (await user.api.get('/v1/models', headers)).body.data.map((one: { id: string }) => one.id);
    expect(await list({ 'X-Workspace-Id': id })).toContain('house-model');
    expect(await list()).not.toContain('house-model');
  });

  it('a video that was begun with a key is asked for and fetched with it', async () => {
    await register({ api_key: key('a') });
    const wish = { prompt: 'the sea', provider: 'alpha', model: 'sora-2' };
    const { body } = await user.api.post('/generate/video', wish, { 'X-Workspace-Id': id });
    const status = async () => String((await user.api.get(`/generations/${body.id}`)).body.status);
    await until('the video ends', async () => {
      harness.clock.advance(5_000);
      return ['completed', 'failed'].includes(await status());
    });
    expect(await status()).toBe('completed');
    expect(alpha.requests.length).toBeGreaterThan(2);
    expect(new Set(keysAt(alpha))).toEqual(new Set([key('a')]));
  });

  it('G12: another’s workspace spends none of its keys', async () => {
    await register({ api_key: key('a') });
    const other = await harness.newUser();
    const body = { model: 'chat', messages: MESSAGES };
    const answer = await new ApiClient(harness.url, other.key).post('/v1/chat/completions', body, {
      'X-Workspace-Id': id,
    });
    expect(answer.status).toBe(404);
    expect(alpha.requests).toHaveLength(0);
  });
});

function keyOf({ headers }: EmulatedRequest): string {
  return String(headers.authorization).replace('Bearer ', '');
}
