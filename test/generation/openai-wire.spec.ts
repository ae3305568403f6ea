import OpenAI from 'openai';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';

const MESSAGES = [{ role: 'user' as const, content: 'Tell me about the sea.' }];
const CHAT = { model: 'gpt-4o-mini', messages: MESSAGES };
/** One red pixel. */
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

describe("/v1 as OpenAI's clients know it", () => {
  let harness: Harness;
  let user: TestUser;
  let client: OpenAI;

  beforeAll(async () => {
    const models = 'gpt-4o-mini,org/large,small=gpt-4o-mini';
    harness = await newHarness({ upstream: true, env: { PROVIDER_UPSTREAM_MODELS: models } });
  });

  afterAll(() => harness.stop());

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
    client = new OpenAI({ apiKey: user.key, baseURL: `${harness.url}/v1`, maxRetries: 0 });
  });

  const sent = () => harness.emulator.requests.at(-1)?.body;

  describe('chats', () => {
    it('answers n choices with logprobs, and reserves for each', async () => {
      const { choices, usage } = await client.chat.completions.create({ ...CHAT, n: 3, logprobs: true });
      expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(choices[2]?.logprobs?.content?.[0]).toMatchObject({ token: ' one', logprob: -0.1 });
      expect(usage?.completion_tokens).toBe(36);
    });

    it('passes JSON modes, seeds, stops, legacy functions and the like on as they are', async () => {
      const more = {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
        seed: 7,
        stop: ['\n'],
        top_logprobs: 2,
        logprobs: true,
        functions: [{ name: 'weather', parameters: { type: 'object' } }],
        function_call: 'none',
        user: 'somebody',
        store: false,
        reasoning_effort: 'low',
        x_not_yet_known: [{ deep: 1.5 }],
      };
      expect((await user.api.post('/v1/chat/completions', { ...CHAT, ...more })).status).toBe(200);
      expect(sent()).toMatchObject(more);
    });

    it('takes pictures in messages, and counts them', async () => {
      const content = [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url: PNG, detail: 'low' as const } },
      ];
      const { response } = await client.chat.completions
        .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })
        .withResponse();
      expect(response.status).toBe(200);
      expect(sent()?.messages).toEqual([{ role: 'user', content }]);
    });

    it("streams the provider's chunks as they are and at once, usage only to who asks", async () => {
      harness.emulator.next({ holdAfterChunks: 4, extra: { x_upstream: 'kept' } });
      const response = await user.api.open('/v1/chat/completions', {
        ...CHAT,
        stream: true,
        stream_options: { include_usage: true },
      });
      const reader = response.body?.getReader();
      let text = '';
      // The upstream waits after its fourth: these come before it goes on, or never.
      while (text.split('\n\n').length <= 4) text += new TextDecoder().decode((await reader?.read())?.value);
      harness.emulator.release();
      for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
        text += new TextDecoder().decode(step.value);
      }
      const data = text
        .trimEnd()
        .split('\n\n')
        .map((event) => event.replace(/^data: /, ''));
      expect(data.pop()).toBe('[DONE]');
      const chunks: unknown[] = data.map((line) => JSON.parse(line) as unknown);
      expect(chunks).toHaveLength(15);
      expect(chunks[1]).toEqual({
        id: 'chatcmpl-emulated',
        object: 'chat.completion.chunk',
        created: 1_790_000_000,
        model: 'gpt-4o-mini',
        system_fingerprint: 'fp_emulated',
        choices: [{ index: 0, delta: { content: ' one' }, logprobs: null, finish_reason: null }],
        usage: null,
        x_upstream: 'kept',
      });
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 12 } });
    });

    it('tells rates and tokens in the headers that clients look at', async () => {
      user = await harness.newUser({ monthlyTokenLimit: 1_000_000 }, 'free');
      // Its key has fewer left: that is what holds a call back first.
      await harness.admin.put(`/admin/limits/api-keys/${user.keyId}`, { monthlyTokenLimit: 900_000 });
      const { headers } = await user.api.post('/v1/chat/completions', CHAT);
      const told = (name: string) => headers.get(`x-ratelimit-${name}`);
      expect([told('limit-requests'), told('remaining-requests')]).toEqual(['30', '4']);
      expect(told('reset-requests')).toBe('2s');
      expect(told('limit-tokens')).toBe('900000');
      expect(Number(told('remaining-tokens'))).toBeLessThan(900_000);
      // The clock stands at noon of the 21st.
      expect(told('reset-tokens')).toBe('228h0m0s');
      expect((await user.api.get('/me')).headers.get('x-ratelimit-limit-requests')).toBeNull();
    });
  });

  describe('models', () => {
    it.each(['gpt-4o-mini', 'small', 'org/large', 'upstream/gpt-4o-mini'])('has %s', async (id) => {
      expect(await client.models.retrieve(id)).toMatchObject({ id, object: 'model', owned_by: 'upstream' });
      expect((await user.api.get(`/v1/models/${id}`)).body.id).toBe(id);
    });

    it.each(['auto', 'upstream/auto', 'UPSTREAM/small', 'upstream/org/large'])(
      'has %s, which calls may name',
      async (id) => {
        const owner = id === 'auto' ? 'cuota' : 'upstream';
        const entry = { id, object: 'model', created: 0, owned_by: owner };
        expect(await client.models.retrieve(id)).toEqual(entry);
        expect((await user.api.get(`/v1/models/${id}`)).body).toEqual(entry);
        expect((await client.chat.completions.create({ ...CHAT, model: id })).object).toBe('chat.completion');
      },
    );

    it('has none that nobody serves', async () => {
      const absent = client.models.retrieve('gpt-0');
      await expect(absent).rejects.toThrow(OpenAI.NotFoundError);
      for (const id of ['nobody/auto', 'nobody/small', 'upstream/', '/small', 'upstream/%00', 'Auto'])
        await expect(client.models.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
      await expect(absent).rejects.toMatchObject({ param: 'model', code: 'not_found' });
    });
  });

  describe('errors, in the shape that its clients raise theirs from', () => {
    const shapeOf = ({ body }: { body: { error?: Record<string, unknown> } }) =>
      Object.keys(body.error ?? {}).filter((name) => ['message', 'type', 'param', 'code'].includes(name));

    it.each<[string, string, string, unknown, number, string, Record<string, string>]>([
      ['an unknown route', 'POST', '/v1/nothing', {}, 404, 'not_found', {}],
      ['an unknown model', 'POST', '/v1/chat/completions', { ...CHAT, model: 'gpt-0' }, 404, 'not_found', {}],
      ['no JSON', 'POST', '/v1/chat/completions', '{"model": ', 400, 'validation_failed', {}],
      [
        'another type',
        'POST',
        '/v1/responses',
        'input=x',
        415,
        'unsupported_media_type',
        { 'content-type': 'application/x-www-form-urlencoded' },
      ],
      ['too much', 'POST', '/v1/embeddings', { input: 'x'.repeat(11 << 20) }, 413, 'payload_too_large', {}],
    ])('%s', async (_what, _method, path, body, status, code, headers) => {
      const answer = await user.api.post(path, body, headers);
      expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
      expect(shapeOf(answer)).toHaveLength(4);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('x-request-id')).toMatch(/\S/);
    });

    it.each([
      ['/v1/chat/completions', 'POST'],
      ['/v1/responses', 'POST'],
      ['/v1/embeddings', 'POST'],
      ['/v1/images/generations', 'POST'],
    ])('a GET of %s is a 405 that names %s', async (path, method) => {
      const answer = await user.api.get(path);
      expect([answer.status, answer.body.error.code]).toEqual([405, 'method_not_allowed']);
      expect(answer.headers.get('allow')).toBe(method);
    });

    it('a wrong method on our own endpoints is a 405 too, as a problem', async () => {
      const answer = await user.api.put('/generate/script', {});
      expect([answer.status, answer.body.code]).toEqual([405, 'method_not_allowed']);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect((await user.api.get('/no/such/path')).status).toBe(404);
    });

    it('a wrong key is an AuthenticationError', async () => {
      const stranger = new OpenAI({ apiKey: 'cuota_nobody', baseURL: `${harness.url}/v1`, maxRetries: 0 });
      await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    });
  });
});
