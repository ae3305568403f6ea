import { readSettings } from '../../src/config/index.js';
import { stopTracing } from '../../src/observability/index.js';
import { type ApiAnswer, ApiClient } from '../support/api-client.js';
import { type Collector, startCollector } from '../support/collector.js';
import { ADMIN_KEY, type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';
import { ended, newWorkspace, publish } from '../workspaces/workspace-app.js';

const ENV = {
  LOG_LEVEL: 'trace',
  METRICS_TOKEN: 'metrics-token-secret',
  ENCRYPTION_KEY: Buffer.from('encryption key, 32 bytes of them').toString('base64'),
  NOTIFICATION_WEBHOOK_URL: 'http://127.0.0.1:9/hook?token=webhook-url-secret',
  NOTIFICATION_WEBHOOK_SECRET: 'webhook-signing-secret',
  RABBITMQ_URL: 'amqp://cuota:rabbit-password-secret@127.0.0.1:9',
  MESSAGE_MAX_ATTEMPTS: '1',
  RATE_LIMIT_DEFAULT_RATE: '100000',
  RATE_LIMIT_DEFAULT_BURST: '100000',
};
/** What a caller sends where a secret belongs, and where it does not. */
const SENT = {
  password: 'password-of-the-caller-secret',
  key: 'cuota_a-key-that-nobody-has-secret',
  prompt: 'prompt-of-the-caller-secret',
  query: 'token-in-a-query-secret',
  ownKey: 'sk-own-key-of-a-workspace-secret',
};
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: SENT.prompt }], max_tokens: 20 };

const LOGIN = { email: 'secret@example.com', password: SENT.password };

/** Every secret of the deployment and of its callers, and how a provider speaks of one. */
describe('G12: no log line, no error and no trace holds a secret', () => {
  let harness: Harness;
  let collector: Collector;
  let user: TestUser;
  const tokens: string[] = [];
  const failures: { readonly asked: string; readonly text: string }[] = [];

  beforeAll(async () => {
    collector = await startCollector();
    const env = { ...ENV, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    harness = await newHarness({ upstream: true, env });
    user = await harness.newUser({ monthlyCallLimit: 10_000 });
    await new ApiClient(harness.url).post('/auth/register', LOGIN);
  }, 120_000);

  afterAll(async () => {
    await stopTracing();
    await Promise.all([harness.stop(), collector.stop()]);
  });

  const secrets = () => [
    ...tokens,
    ...[user.key, ADMIN_KEY, 'sk-upstream-secret', 'a secret of the tests'],
    'rabbit-password-secret',
    ...[ENV.METRICS_TOKEN, ENV.ENCRYPTION_KEY, 'webhook-url-secret', ENV.NOTIFICATION_WEBHOOK_SECRET],
    ...Object.values(SENT),
  ];

  function note(asked: string, { status, headers, body }: ApiAnswer): void {
    if (status < 400) return;
    failures.push({ asked, text: `${JSON.stringify([...headers])} ${JSON.stringify(body)}` });
  }

  async function send(client: ApiClient, method: string, path: string, body: unknown): Promise<void> {
    const asked = `${method} ${path}`;
    if (method === 'get') note(asked, await client.get(path));
    else if (method === 'delete') note(asked, await client.delete(path));
    else if (method === 'put') note(asked, await client.put(path, body));
    else if (method === 'patch') note(asked, await client.patch(path, body));
    else note(asked, await client.post(path, body));
  }

  it('asks every endpoint of the API document, as nobody, with a wrong key, as a user and as an admin', async () => {
    const { body: document } = await harness.admin.get('/openapi.json');
    const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method, path: path.replace(/\{\w+\}/g, 'an-id-of-theirs') })),
    );
    expect(operations.length).toBeGreaterThan(40);
    const wrong = {
      ...{ password: SENT.password, email: SENT.password, key: SENT.key, apiKey: SENT.key, name: 7 },
      ...{
        prompt: { text: SENT.prompt },
        messages: SENT.prompt,
        topic: [SENT.prompt],
        input: { a: SENT.prompt },
      },
    };
    const broken = `{"password":"${SENT.password}","prompt":${SENT.prompt}`;
    for (const { method, path } of operations) {
      const asked = `${path}?access_token=${SENT.query}`;
      await send(new ApiClient(harness.url), method, asked, wrong);
      await send(new ApiClient(harness.url, SENT.key), method, asked, wrong);
      await send(user.api, method, asked, wrong);
      await send(harness.admin, method, asked, wrong);
      if (method !== 'get' && method !== 'delete') await send(harness.admin, method, asked, broken);
    }
    expect(failures.length).toBeGreaterThan(100);
  }, 120_000);

  it('fails at a provider that speaks of its key and of the prompt: plain, in a stream, and with rubbish', async () => {
    const message = `Incorrect API key provided: sk-upstream-secret, for "${SENT.prompt}"`;
    const paths: [string, object][] = [
      ['/v1/chat/completions', CHAT],
      ['/v1/responses', { model: 'gpt-4o-mini', input: SENT.prompt }],
      ['/v1/embeddings', { model: 'text-embedding-3-small', input: SENT.prompt }],
      ['/v1/images/generations', { model: 'gpt-image-1', prompt: SENT.prompt }],
      ['/generate/script', { topic: SENT.prompt }],
      ['/generate/image', { prompt: SENT.prompt }],
    ];
    const ways = [
      ...[400, 401, 403, 404, 429, 500].map((status) => ({ status, errorBody: { error: { message } } })),
      { rubbish: message },
    ];
    for (const way of ways) {
      harness.emulator.always(way);
      for (const [path, body] of paths) {
        note(`post ${path}`, await user.api.post(path, body));
        harness.clock.advance(3_600_000);
      }
    }
    for (const way of [{ status: 401, errorBody: { error: { message } } }, { errorAfterChunks: 2 }]) {
      harness.emulator.always(way);
      const text = await (await user.api.open('/v1/chat/completions', { ...CHAT, stream: true })).text();
      failures.push({ asked: 'a stream', text });
      harness.clock.advance(3_600_000);
    }
    harness.emulator.always({});
  }, 60_000);

  it('publishes messages whose provider speaks of its key and of the prompt, while RabbitMQ is away', async () => {
    const workspace = await newWorkspace(user);
    const message = `Incorrect API key provided: sk-upstream-secret, for "${SENT.prompt}"`;
    const refusals = [400, 401, 404, 500].map((status) => ({ status, errorBody: { error: { message } } }));
    for (const way of [...refusals, { rubbish: message }]) {
      harness.emulator.always(way);
      const failed = await ended(user.api, await publish(user.api, workspace, { prompt: SENT.prompt }));
      expect(failed.status).toBe('failed');
      failures.push({ asked: 'a message', text: JSON.stringify(failed) });
      harness.clock.advance(3_600_000);
    }
    harness.emulator.always({});
  }, 60_000);

  it('registers a workspace with a key of its own, at a provider that speaks of that', async () => {
    const own = { name: 'upstream', api_key: SENT.ownKey };
    for (const providers of [[own, { ...own, name: 'nobody' }], [{ ...own, rate_limit: 'x' }], own])
      note('post /workspaces', await user.api.post('/workspaces', { workspace_id: 'own', providers }));
    expect((await user.api.post('/workspaces', { workspace_id: 'own', providers: [own] })).status).toBe(201);
    const errorBody = { error: { message: `Incorrect API key provided: ${SENT.ownKey}` } };
    for (const status of [400, 401, 404, 429]) {
      harness.emulator.always({ status, errorBody });
      note(
        'post /v1/chat/completions',
        await user.api.post('/v1/chat/completions', CHAT, { 'X-Workspace-Id': 'own' }),
      );
      harness.clock.advance(3_600_000);
    }
    harness.emulator.always({});
  });

  it('logs in, makes keys, tells a webhook that does not answer', async () => {
    const anyone = new ApiClient(harness.url);
    note('post /auth/login', await anyone.post('/auth/login', { ...LOGIN, password: `${SENT.password}!` }));
    const jwt = String((await anyone.post('/auth/login', LOGIN)).body.accessToken);
    tokens.push(jwt);
    const mine = new ApiClient(harness.url, jwt);
    expect((await mine.post('/me/api-keys', { name: 'mine' })).status).toBe(201);
    note('get /me', await new ApiClient(harness.url, `${jwt}x`).get('/me'));
    await new ApiClient(harness.url, ENV.METRICS_TOKEN).get('/metrics');
    const warned = await harness.newUser({ monthlyCallLimit: 1 });
    expect((await warned.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
    note('post /v1/chat/completions', await warned.api.post('/v1/chat/completions', CHAT));
    await until('the webhook is told of', () => harness.log.some((line) => /webhook/i.test(line)));
  }, 30_000);

  it('loses its PostgreSQL', async () => {
    await harness.postgres.kill9();
    note(
      'post /auth/login',
      await new ApiClient(harness.url).post('/auth/login', { email: 'a@b.cd', password: SENT.password }),
    );
    note('get /me', await new ApiClient(harness.url, SENT.key).get('/me'));
    note('post /v1/chat/completions', await user.api.post('/v1/chat/completions', CHAT));
    await harness.postgres.restart();
  }, 30_000);

  it('none of it was in a log line, in an error or in a trace', async () => {
    await stopTracing();
    expect(harness.log.length).toBeGreaterThan(200);
    expect(collector.received.length).toBeGreaterThan(0);
    const traces = collector.received.join('\n');
    for (const secret of secrets()) {
      expect(harness.log.filter((line) => line.includes(secret))).toEqual([]);
      // A caller may read its own prompt, in the words of a provider that refuses it.
      const quoted = failures.filter(({ text }) => secret !== SENT.prompt && text.includes(secret));
      expect(quoted).toEqual([]);
      expect(traces.includes(secret) && secret).toBe(false);
    }
  });

  it('a setting that is wrong is named, and not quoted', () => {
    const bad = {
      DATABASE_URL: 'postgres//cuota:database-secret@db',
      REDIS_URL: 'redis//:redis-secret@cache',
      RABBITMQ_URL: 'http://cuota:rabbit-secret@queue',
      JWT_SECRET: 'a-secret',
      ENCRYPTION_KEY: 'encryption-secret',
      NOTIFICATION_WEBHOOK_SECRET: 'hook-secret',
      NOTIFICATION_WEBHOOK_URL: 'ftp://user:hook-secret@example.com',
      BOOTSTRAP_ADMIN_KEY: 'secret',
      PROVIDER_LOCAL_KIND: 'nothing',
      PROVIDER_LOCAL_API_KEY: '',
    };
    const read = readSettings(bad);
    const faults = 'faults' in read ? read.faults.join('\n') : '';
    expect(faults).toContain('ENCRYPTION_KEY');
    for (const [name, value] of Object.entries(bad)) {
      if (/secret/.test(value)) expect([name, faults.includes(value)]).toEqual([name, false]);
    }
    expect(faults).not.toMatch(/(database|redis|rabbit|hook)-secret/);
  });
});
