import { connect } from 'node:net';

import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

const MESSAGES = [{ role: 'user', content: 'hi' }];

describe('bad input', () => {
  let harness: Harness;
  let user: TestUser;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness();
    user = await harness.newUser({ monthlyCallLimit: 1_000, monthlyTokenLimit: 1_000_000 });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  afterEach(async () => {
    expect(await ledger.rows(user.id)).toEqual([]);
    const { body } = await user.api.get('/me/usage');
    for (const limit of body.limits) expect([Number(limit.used), Number(limit.reserved)]).toEqual([0, 0]);
    expect(harness.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it.each([
    ['no JSON', '{"topic": ', 400, 'validation_failed'],
    ['no object', '[]', 400, 'validation_failed'],
    ['null', 'null', 400, 'validation_failed'],
    ['nothing', '', 400, 'validation_failed'],
    ['a wrong type', { topic: 7 }, 400, 'validation_failed'],
    ['an unknown field', { topic: 'x', colour: 'red' }, 400, 'validation_failed'],
    ['a number out of range', { topic: 'x', durationSeconds: -1 }, 400, 'validation_failed'],
    ['a proto', '{"topic":"x","__proto__":{"admin":true}}', 400, 'validation_failed'],
    ['an unknown model', { topic: 'x', model: 'no-such-model' }, 404, 'not_found'],
    ['an unknown provider', { topic: 'x', provider: 'nobody' }, 404, 'not_found'],
    ['a huge body', { topic: 'x'.repeat(11 * 1024 * 1024) }, 413, 'payload_too_large'],
  ])('POST /generate/script with %s', async (_what, body, status, code) => {
    const answer = await user.api.post('/generate/script', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('x-request-id')).toMatch(/\S/);
    expect(answer.body.detail).toMatch(/\w/);
  });

  it.each([
    ['/generate/script', { topic: 'a\0b' }, 'topic'],
    ['/generate/script', { topic: 'rain', tone: 'half of one: \ud800' }, 'tone'],
    ['/generate/script', { topic: 'rain', model: 'a\0b' }, 'model'],
    ['/generate/image', { prompt: 'a\0b' }, 'prompt'],
    ['/generate/image', { prompt: 'half of one: \udfff' }, 'prompt'],
    ['/generate/video', { prompt: 'a\0b' }, 'prompt'],
    ['/generate/video', { script: 'half of one: \ud800' }, 'script'],
    ['/generate/video', { prompt: 'rain', avatarId: 'a\0b' }, 'avatarId'],
    ['/v1/videos', { prompt: 'a\0b' }, 'prompt'],
    ['/v1/videos', { prompt: 'rain', input_reference: { image_url: '\0' } }, 'input_reference'],
  ])(
    'a text that PostgreSQL cannot hold is a 400, whether it is stored or not: %s with %j',
    async (path, body, field) => {
      const answer = await user.api.post(path, body);
      expect(answer.status).toBe(400);
      expect(answer.body.error?.param ?? answer.body.errors[0].path).toBe(field);
    },
  );

  it('lists every fault with its path', async () => {
    const answer = await user.api.post('/generate/script', { durationSeconds: 'long', colour: 'red' });
    expect(answer.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(
      expect.arrayContaining(['colour', 'durationSeconds', 'topic']),
    );
  });

  it.each([
    ['no JSON', '{', 400],
    ['no messages', {}, 400],
    ['empty messages', { messages: [] }, 400],
    ['messages that are none', { messages: ['hi', 7] }, 400],
    ['a stream that is no boolean', { messages: MESSAGES, stream: 'yes' }, 400],
    ['a negative cap', { messages: MESSAGES, max_tokens: -5 }, 400],
    ['too many choices', { messages: MESSAGES, n: 1e9 }, 400],
    ['an unknown model', { messages: MESSAGES, model: 'gpt-99' }, 404],
    ['a model of a wrong type', { messages: MESSAGES, model: { name: 'x' } }, 400],
  ])("POST /v1/chat/completions with %s answers in OpenAI's shape", async (_what, body, status) => {
    const answer = await user.api.post('/v1/chat/completions', body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ message: expect.any(String), type: 'invalid_request_error' });
    expect(answer.body.error).toHaveProperty('param');
    expect(answer.body.error).toHaveProperty('code');
  });

  it.each([
    ['/v1/embeddings', {}],
    ['/v1/embeddings', { input: [] }],
    ['/v1/embeddings', { input: [1, 'a'] }],
    ['/v1/images/generations', { prompt: '' }],
    ['/v1/images/generations', { prompt: 'x', n: 1000 }],
    ['/generate/image', { prompt: 'x', count: 0 }],
    ['/generate/image', { prompt: 'x', size: 'big' }],
  ])('POST %s with %j is a 400', async (path, body) => {
    expect((await user.api.post(path, body)).status).toBe(400);
  });

  it('a body of another type is a 415', async () => {
    const answer = await user.api.post('/generate/script', 'topic=x', { 'content-type': 'text/csv' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('an unknown path is a 404 in the shape of where it lies', async () => {
    expect((await user.api.get('/nowhere')).body).toMatchObject({ code: 'not_found', instance: '/nowhere' });
    expect((await user.api.get('/v1/nowhere')).body).toMatchObject({ error: { code: 'not_found' } });
  });

  it('who is not known gets a 401 that says why, an id of another a 404', async () => {
    const says = async (key: string | undefined) => (await new ApiClient(harness.url, key).get('/me')).body;
    expect(await says(undefined)).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await says('cuota_unknown')).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await says('not.a.jwt')).toMatchObject({ status: 401, code: 'unauthorized' });
    const other = await harness.newUser();
    expect((await user.api.delete(`/me/api-keys/${other.keyId}`)).status).toBe(404);
    expect((await user.api.get('/admin/users')).status).toBe(403);
  });

  it('an expired key is refused from the moment it expires', async () => {
    const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
    const made = await user.api.post('/me/api-keys', { name: 'short', expiresAt });
    const api = new ApiClient(harness.url, made.body.key);
    expect((await api.get('/me')).status).toBe(200);
    harness.clock.advance(60_000);
    expect((await api.get('/me')).body).toMatchObject({
      status: 401,
      detail: expect.stringMatching(/expired/i),
    });
  });

  it('a request that is no HTTP breaks nothing', async () => {
    const { port } = new URL(harness.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('HELLO\r\n\r\n'));
      socket
        .on('close', resolve)
        .on('error', () => undefined)
        .resume();
    });
    expect((await user.api.get('/me')).status).toBe(200);
  });
});
