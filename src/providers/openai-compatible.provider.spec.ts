import { createServer } from 'node:http';
import { inspect } from 'node:util';

import { type ProviderSettings } from '../config/index.js';
import { countChatInput, countEmbeddingInput } from '../pricing/index.js';
import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { freePort } from '../../test/support/free-port.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { ProviderError } from './provider-error.js';
import { type ChatChunk, type ProviderCall, type WireObject } from './provider.port.js';

const KEY = 'sk-upstream-very-secret-1234567890';
const MODEL = 'gpt-4o-mini';
const HELLO = { model: 'my-alias', messages: [{ role: 'user', content: 'hello world' }] };

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => {
  emulator.reset();
});
afterAll(() => emulator.stop());

function provider({ apiKey = KEY, ...settings }: Partial<ProviderSettings> = {}): OpenAiCompatibleProvider {
  return new OpenAiCompatibleProvider({
    name: 'upstream',
    kind: 'openai_compatible',
    ...(apiKey !== '' && { apiKey }),
    baseUrl: `${emulator.url}/v1`,
    timeoutMs: 20_000,
    models: [{ name: MODEL }],
    ...settings,
  });
}

function call(body: WireObject = HELLO, more: Partial<ProviderCall> = {}): ProviderCall {
  return { body, model: MODEL, signal: new AbortController().signal, ...more };
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProviderError)) throw error;
  expect(inspect(error, { depth: 9 })).not.toContain(KEY);
  return error;
}

async function collect(chunks: AsyncIterable<ChatChunk>): Promise<ChatChunk[]> {
  const all: ChatChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

async function streamed(behaviour: Behaviour, body: WireObject = HELLO): Promise<ChatChunk[]> {
  emulator.next(behaviour);
  return collect(await provider().chatStream(call(body)));
}

describe('chat', () => {
  it('sends the body untouched but for the model, and gives the answer untouched', async () => {
    emulator.next({ extra: { x_unknown: { deep: [1, null] } } });
    const body = { ...HELLO, max_tokens: 5, user: 'u', x_future: { a: [1] }, temperature: 0.5 };
    const answer = await provider().chat(call(body));
    expect(emulator.requests[0]?.body).toEqual({ ...body, model: MODEL });
    expect(emulator.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(answer.body).toMatchObject({ x_unknown: { deep: [1, null] }, system_fingerprint: 'fp_emulated' });
    expect(answer.body.choices).toMatchObject([
      { message: { content: ' one two three four five' }, finish_reason: 'length' },
    ]);
    expect(answer.usage).toEqual({ inputTokens: 9, cachedInputTokens: 0, outputTokens: 5, totalTokens: 14 });
    expect(answer.usage?.inputTokens).toBe(countChatInput(body, MODEL));
  });

  it('asks for a plain answer whatever the body says', async () => {
    await provider().chat(call({ ...HELLO, stream: true }));
    expect(emulator.requests[0]?.body.stream).toBe(false);
  });

  it('tells a zero from no count', async () => {
    emulator.next({ usage: 'zero' }, { usage: 'none' }, { usage: { prompt_tokens: 'many' } });
    const zero = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, totalTokens: 0 };
    expect((await provider().chat(call())).usage).toEqual(zero);
    expect(await provider().chat(call())).not.toHaveProperty('usage');
    expect(await provider().chat(call())).not.toHaveProperty('usage');
  });

  it('reads cached tokens, and a total above the sum', async () => {
    const details = { cached_tokens: 40 };
    emulator.next({
      usage: { prompt_tokens: 50, completion_tokens: 10, total_tokens: 99, prompt_tokens_details: details },
    });
    const { usage } = await provider().chat(call());
    expect(usage).toEqual({ inputTokens: 50, cachedInputTokens: 40, outputTokens: 10, totalTokens: 99 });
  });

  it('sends no key where none is configured, not even one of the environment', async () => {
    process.env.OPENAI_API_KEY = KEY;
    try {
      await provider({ apiKey: '' }).chat(call());
      expect(emulator.requests[0]?.headers).not.toHaveProperty('authorization');
    } finally {
      delete process.env.OPENAI_API_KEY;
    }
  });
});

describe('chat that fails', () => {
  it.each<[string, Behaviour, Partial<ProviderError>]>([
    [
      '429',
      { status: 429, headers: { 'retry-after': '7' } },
      { reason: 'rate_limited', status: 429, retryAfterMs: 7000 },
    ],
    ['429 without a word when', { status: 429 }, { reason: 'rate_limited', status: 429 }],
    ['429 in milliseconds', { status: 429, headers: { 'retry-after-ms': '150' } }, { retryAfterMs: 150 }],
    [
      '503 until a date',
      {
        status: 503,
        headers: { date: 'Sat, 21 Nov 2026 12:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' },
      },
      { reason: 'server_error', retryAfterMs: 30_000 },
    ],
    ['500', { status: 500 }, { reason: 'server_error', status: 500 }],
    [
      '500 in HTML',
      { status: 500, errorBody: '<html>oops', contentType: 'text/html' },
      { reason: 'server_error' },
    ],
    ['401', { status: 401 }, { reason: 'auth', status: 401 }],
    ['403', { status: 403 }, { reason: 'auth' }],
    ['404', { status: 404 }, { reason: 'not_found', status: 404 }],
    ['400 of a proxy', { status: 400, errorBody: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['HTML', { rubbish: '<html>hello</html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['JSON that is called HTML', { contentType: 'text/html' }, { reason: 'rubbish' }],
    ['broken JSON', { rubbish: '{"choices": [' }, { reason: 'rubbish' }],
    ['no object', { rubbish: '[1]' }, { reason: 'rubbish' }],
    ['no choices', { rubbish: '{"id":"x"}' }, { reason: 'rubbish' }],
    [
      'an error of status 200',
      { rubbish: '{"error":{"message":"x","code":429}}' },
      { reason: 'rate_limited' },
    ],
    ['half an answer', { cutAfterChunks: 0 }, { reason: 'connection' }],
  ])('%s', async (_, behaviour, expected) => {
    emulator.next(behaviour);
    const error = await failure(provider().chat(call()));
    expect(error).toMatchObject({ provider: 'upstream', ...expected });
    expect(emulator.requests).toHaveLength(1);
    if (!('retryAfterMs' in expected)) expect(error.retryAfterMs).toBeUndefined();
  });

  it('carries the error of a bad request', async () => {
    const error = await failure(provider().chat(call({ ...HELLO, temperature: 3 })));
    expect(error).toMatchObject({
      reason: 'bad_request',
      status: 400,
      upstreamError: { type: 'invalid_request_error', param: 'temperature', code: null },
    });
    expect(error.upstreamError?.message).toContain("Invalid 'temperature'");
  });

  it.each<[unknown, string]>([
    [{ error: { message: `bad key ${KEY} or sk-other-key-abcdef` } }, 'bad key [key] or [key]'],
    [{ error: 'just text' }, 'just text'],
    [{ object: 'error', message: 'of vLLM', type: 'BadRequestError', code: 400 }, 'of vLLM'],
    [[{ error: { message: 'of Gemini', status: 'INVALID_ARGUMENT' } }], 'of Gemini'],
  ])('understands the error %j', async (errorBody, message) => {
    emulator.next({ status: 400, errorBody });
    expect((await failure(provider().chat(call()))).upstreamError?.message).toBe(message);
  });

  it('does not repeat what a 401 says of the key', async () => {
    emulator.next({ status: 401, errorBody: { error: { message: `Incorrect API key provided: ${KEY}` } } });
    expect((await failure(provider().chat(call()))).upstreamError).toBeUndefined();
  });

  it('refuses an answer without end', async () => {
    emulator.next({ rubbish: `{"choices":[],"x":"${'x'.repeat(65 * 1024 * 1024)}"}` });
    expect(await failure(provider().chat(call()))).toMatchObject({ reason: 'rubbish' });
  });

  it('is a connection failure where nobody listens', async () => {
    const error = await failure(
      provider({ baseUrl: `http://127.0.0.1:${await freePort()}/v1` }).chat(call()),
    );
    expect(error).toMatchObject({ reason: 'connection' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('times out, and closes the connection', async () => {
    emulator.next({ hang: true });
    // Long enough for the request to get there from a busy machine.
    expect(await failure(provider().chat(call(HELLO, { timeoutMs: 500 })))).toMatchObject({
      reason: 'timeout',
    });
    await emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
  });

  it('times out in the middle of the body too', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const slow = provider({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 100 });
    expect(await failure(slow.chat(call()))).toMatchObject({ reason: 'timeout' });
    server.closeAllConnections();
    server.close();
  });

  it('closes the connection when it is aborted', async () => {
    const client = new AbortController();
    emulator.hold();
    const answer = failure(provider().chat(call(HELLO, { signal: client.signal })));
    await emulator.until(({ inFlight }) => inFlight === 1);
    client.abort();
    expect(await answer).toMatchObject({ reason: 'aborted' });
    await emulator.until(({ inFlight }) => inFlight === 0);
    expect(emulator.requests[0]?.abortedAt).toBeDefined();
  });

  it('asks nobody when it was aborted before', async () => {
    const answer = provider().chat(call(HELLO, { signal: AbortSignal.abort() }));
    expect(await failure(answer)).toMatchObject({ reason: 'aborted' });
    expect(emulator.requests).toHaveLength(0);
  });
});

describe('chatStream', () => {
  it('gives the chunks as received, and always asks for usage', async () => {
    const chunks = await streamed(
      { extra: { x_unknown: 1 } },
      { ...HELLO, stream_options: { x_other: true } },
    );
    expect(emulator.requests[0]?.body).toMatchObject({
      model: MODEL,
      stream: true,
      stream_options: { x_other: true, include_usage: true },
    });
    expect(chunks.map(({ deltaText }) => deltaText).join('')).toBe(
      ' one two three four five six seven eight one two three four',
    );
    expect(chunks.every(({ raw }) => raw.x_unknown === 1)).toBe(true);
    expect(chunks.filter(({ usageOnly }) => usageOnly)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)?.usage).toEqual({
      inputTokens: 9,
      cachedInputTokens: 0,
      outputTokens: 12,
      totalTokens: 21,
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === undefined)).toBe(true);
  });

  it('counts tool calls and every choice as delivered text', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: {} } }];
    const chunks = await streamed({}, { ...HELLO, n: 2, tools, tool_choice: 'required' });
    expect(chunks.map(({ deltaText }) => deltaText).join('')).toBe(
      `weatherweather${'{"emulated":true}'.repeat(2)}`,
    );
  });

  it('has no usage where there is none', async () => {
    const chunks = await streamed({ usage: 'none' });
    expect(chunks.some(({ usage, usageOnly }) => usage !== undefined || usageOnly)).toBe(false);
  });

  it('uses its connections again after a stream', async () => {
    emulator.always({ endDelayMs: 10 });
    const one = provider();
    for (let calls = 1; calls <= 6; calls++) {
      await collect(await one.chatStream(call()));
      await emulator.until(({ completed }) => completed === calls);
    }
    expect(new Set(emulator.requests.map(({ connection }) => connection)).size).toBeLessThan(5);
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    ['400', { status: 400 }, { reason: 'bad_request' }],
    ['no chunk', { rubbish: '' }, { reason: 'rubbish' }],
    ['no chunk but the end', { rubbish: 'data: [DONE]\n\n' }, { reason: 'rubbish' }],
    ['invalid JSON', { rubbish: 'data: {"choices":\n\n' }, { reason: 'rubbish' }],
    ['no choices', { rubbish: 'data: {"a":1}\n\n' }, { reason: 'rubbish' }],
    ['JSON instead of events', { contentType: 'application/json' }, { reason: 'rubbish' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['a cut before the first chunk', { cutAfterChunks: 0 }, { reason: 'connection' }],
    ['an error for its first chunk', { errorAfterChunks: 0 }, { reason: 'server_error' }],
  ])('rejects before it begins: %s', async (_, behaviour, expected) => {
    emulator.next(behaviour);
    expect(await failure(provider().chatStream(call()))).toMatchObject(expected);
    await emulator.until(({ inFlight }) => inFlight === 0);
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['a cut connection', { cutAfterChunks: 4 }, { reason: 'connection' }],
    ['an early end', { endAfterChunks: 4 }, { reason: 'connection' }],
    ['an error event', { errorAfterChunks: 4 }, { reason: 'server_error' }],
  ])('rejects in the middle: %s', async (_, behaviour, expected) => {
    emulator.next(behaviour);
    const chunks = await provider().chatStream(call());
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { deltaText } of chunks) seen.push(deltaText);
    })();
    expect(await failure(reading)).toMatchObject(expected);
    expect(seen.join('')).toBe(' one two three');
  });

  it('takes a server that never says [DONE] and counts in its last chunk', async () => {
    const choices = [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    for (const counted of [{ usage }, { x_groq: { usage } }]) {
      const [chunk, ...others] = await streamed({
        rubbish: `data: ${JSON.stringify({ choices, ...counted })}\n\n`,
      });
      expect(others).toEqual([]);
      expect(chunk).toMatchObject({ deltaText: 'hi', usageOnly: false, usage: { totalTokens: 3 } });
    }
  });

  it('times out between two chunks', async () => {
    emulator.next({ holdAfterChunks: 3 });
    const chunks = await provider().chatStream(call(HELLO, { timeoutMs: 300 }));
    expect(await failure(collect(chunks))).toMatchObject({ reason: 'timeout' });
    await emulator.until(({ inFlight }) => inFlight === 0);
  });

  it('closes the connection at once when it is aborted, and says so', async () => {
    const client = new AbortController();
    emulator.next({ holdAfterChunks: 3 });
    const chunks = await provider().chatStream(call(HELLO, { signal: client.signal }));
    const reading = failure(collect(chunks));
    await emulator.until(({ inFlight }) => inFlight === 1);
    client.abort();
    expect(await reading).toMatchObject({ reason: 'aborted' });
    await emulator.until(({ inFlight }) => inFlight === 0);
    expect(emulator.requests[0]?.abortedAt).toBeDefined();
  });

  it.each([0, 1, 2])('closes the connection when its reader leaves after %d chunks', async (count) => {
    emulator.next({ holdAfterChunks: 3 });
    const chunks = await provider().chatStream(call());
    const iterator = chunks[Symbol.asyncIterator]();
    for (let read = 0; read < count; read++) await iterator.next();
    await iterator.return?.();
    await emulator.until(({ inFlight }) => inFlight === 0);
    expect(emulator.requests[0]?.abortedAt).toBeDefined();
  });
});

describe('embed and image', () => {
  it('passes embeddings through as they are encoded', async () => {
    const body = { input: ['hello world', 'hello'], encoding_format: 'base64', dimensions: 8 };
    const answer = await provider().embed(call(body, { model: 'text-embedding-3-small' }));
    expect(answer.body.data).toMatchObject([{ embedding: expect.any(String) as unknown }, { index: 1 }]);
    expect(answer.usage).toEqual({ inputTokens: 3, cachedInputTokens: 0, outputTokens: 0, totalTokens: 3 });
    expect(answer.usage?.inputTokens).toBe(countEmbeddingInput(body, 'text-embedding-3-small'));
    const floats = await provider().embed(call({ input: 'x' }, { model: 'text-embedding-3-small' }));
    expect(emulator.requests[1]?.body).not.toHaveProperty('encoding_format');
    expect(floats.body.data).toMatchObject([{ embedding: expect.any(Array) as unknown }]);
  });

  it('passes images through, with their tokens where they are counted', async () => {
    const body = { prompt: 'hello world', n: 2, quality: 'low' };
    const counted = await provider().image(call(body, { model: 'gpt-image-1' }));
    expect(counted.body.data).toHaveLength(2);
    expect(counted.usage).toEqual({
      inputTokens: 2,
      cachedInputTokens: 0,
      outputTokens: 544,
      totalTokens: 546,
    });
    expect(await provider().image(call(body, { model: 'dall-e-3' }))).not.toHaveProperty('usage');
  });

  it('calls an answer without data rubbish', async () => {
    emulator.always({ rubbish: '{}' });
    expect(await failure(provider().embed(call({ input: 'x' })))).toMatchObject({ reason: 'rubbish' });
    expect(await failure(provider().image(call({ prompt: 'x' })))).toMatchObject({ reason: 'rubbish' });
  });
});
