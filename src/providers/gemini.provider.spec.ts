import { inspect } from 'node:util';

import { type ProviderSettings } from '../config/index.js';
import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { GeminiProvider } from './gemini.provider.js';
import { ProviderError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
import { type VideoFile } from './video.port.js';
import { objectsAt } from './wire-object.js';

const KEY = 'AIzaUpstream-very-secret-1234567890';
const NOW = Date.parse('2026-11-21T12:00:00Z');
const IMAGE = 'gemini-2.5-flash-image';
const VEO = 'veo-3.1-generate-preview';
const HELLO = { messages: [{ role: 'user', content: 'hello world' }] };
const signal = new AbortController().signal;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => {
  emulator.reset();
});
afterAll(() => emulator.stop());

function provider(settings: Partial<ProviderSettings> = {}): GeminiProvider {
  return new GeminiProvider(
    {
      name: 'gemini',
      kind: 'gemini',
      apiKey: KEY,
      baseUrl: `${emulator.url}/v1beta/openai/`,
      timeoutMs: 5_000,
      models: [],
      ...settings,
    },
    new FrozenClock(NOW),
  );
}

function draw(body: WireObject, model = IMAGE, timeoutMs = 5_000) {
  return provider().image({ body, model, signal, timeoutMs });
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ProviderError)) throw new Error(`it did not fail as it should: ${inspect(error)}`);
  expect(inspect(error, { depth: 9 })).not.toContain(KEY);
  return error;
}

async function read(file: VideoFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of file.bytes) parts.push(part);
  return Buffer.concat(parts);
}

describe('text', () => {
  it('goes to the OpenAI-compatible endpoint, and what was thought counts as output', async () => {
    emulator.next({ usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 } });
    const { body, usage } = await provider().chat({ body: HELLO, model: 'gemini-2.5-flash', signal });
    expect(emulator.requests[0]?.path).toBe('/v1beta/openai/chat/completions');
    expect(emulator.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(body.object).toBe('chat.completion');
    expect(usage).toEqual({ inputTokens: 10, cachedInputTokens: 0, outputTokens: 105, totalTokens: 115 });
  });

  it('streams, with the thoughts counted, and lets go of who leaves', async () => {
    emulator.always({ usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 } });
    const call = { body: HELLO, model: 'gemini-2.5-flash', signal };
    let text = '';
    let output = 0;
    for await (const { deltaText, usage } of await provider().chatStream(call)) {
      text += deltaText;
      output = usage?.outputTokens ?? output;
    }
    expect([text.startsWith(' one two'), output]).toEqual([true, 105]);
    emulator.always({ holdAfterChunks: 3 });
    const left = (await provider().chatStream(call))[Symbol.asyncIterator]();
    await left.next();
    await left.return?.();
    await emulator.until(({ requests }) => requests[1]?.abortedAt !== undefined);
  });

  it('embeds', async () => {
    const call = { body: { input: 'tea' }, model: 'gemini-embedding-001', signal };
    expect((await provider().embed(call)).usage?.inputTokens).toBe(1);
  });
});

describe('images', () => {
  it('draws with a Gemini model: one request an image, in OpenAI’s format', async () => {
    const { body, usage } = await draw({ prompt: 'tea', n: 2, size: '1792x1024' });
    expect(body.created).toBe(NOW / 1000);
    expect(objectsAt(body, 'data').map(({ b64_json }) => typeof b64_json)).toEqual(['string', 'string']);
    expect(usage).toEqual({ inputTokens: 2, cachedInputTokens: 0, outputTokens: 2600, totalTokens: 2602 });
    expect(emulator.requests).toHaveLength(2);
    expect(emulator.requests[0]).toMatchObject({
      path: `/v1beta/models/${IMAGE}:generateContent`,
      headers: { 'x-goog-api-key': KEY },
      body: {
        contents: [{ parts: [{ text: 'tea' }] }],
        generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
      },
    });
  });

  it('gives those that were made where others were not', async () => {
    emulator.next({ status: 500 });
    const { body, usage } = await draw({ prompt: 'tea', n: 3 });
    expect(objectsAt(body, 'data')).toHaveLength(2);
    expect(usage?.outputTokens).toBe(2600);
  });

  it('says why an image was held back', async () => {
    emulator.always({ blocked: 'IMAGE_SAFETY' });
    const error = await failure(draw({ prompt: 'tea' }));
    expect(error).toMatchObject({ reason: 'bad_request', upstreamError: { code: 'moderation_blocked' } });
    expect(error.upstreamError?.message).toContain('IMAGE_SAFETY');
  });

  it.each([[{}], [{ prompt: '' }], [{ prompt: 'x', n: 11 }], [{ prompt: 'x', size: '1x1' }]])(
    'refuses %j itself',
    async (body) => {
      expect(await failure(draw(body))).toMatchObject({ reason: 'bad_request', neverSent: true });
      expect(emulator.requests).toHaveLength(0);
    },
  );

  const delay = { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37s' }] };
  const wrongKey = { error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } };

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    [
      '429 with a delay in its body',
      { status: 429, errorBody: { error: { code: 429, message: 'Quota', ...delay } } },
      { reason: 'rate_limited', retryAfterMs: 37_000 },
    ],
    ['500', { status: 500 }, { reason: 'server_error', status: 500 }],
    ['400', { status: 400 }, { reason: 'bad_request', status: 400 }],
    ['a wrong key', { status: 400, errorBody: wrongKey }, { reason: 'auth' }],
    ['403', { status: 403 }, { reason: 'auth' }],
    ['404', { status: 404 }, { reason: 'not_found' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['broken JSON', { rubbish: '{"candidates": [' }, { reason: 'rubbish' }],
    ['nothing in it', { rubbish: '{}' }, { reason: 'rubbish' }],
    ['half of it', { cutAfterChunks: 1 }, { reason: 'connection' }],
    ['never', { hang: true }, { reason: 'timeout' }],
  ])('fails as it should where the answer is %s', async (_, behaviour, expected) => {
    emulator.always(behaviour);
    expect(await failure(draw({ prompt: 'tea' }, IMAGE, 400))).toMatchObject(expected);
  });

  it('ends with its caller', async () => {
    emulator.always({ hang: true });
    const client = new AbortController();
    const drawing = failure(
      provider().image({ body: { prompt: 'tea' }, model: IMAGE, signal: client.signal }),
    );
    await emulator.until(({ requests }) => requests.length === 1);
    client.abort();
    expect(await drawing).toMatchObject({ reason: 'aborted' });
    await emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
  });
});

describe('Veo', () => {
  const create = (more: object = {}) =>
    provider().videos.create({ request: { prompt: 'tea', ...more }, model: VEO, signal });

  it('starts an operation, follows it and fetches the file', async () => {
    const { jobId } = await create({ durationSeconds: 5, aspectRatio: '9:16' });
    expect(emulator.requests[0]).toMatchObject({
      path: `/v1beta/models/${VEO}:predictLongRunning`,
      body: {
        instances: [{ prompt: 'tea' }],
        parameters: { durationSeconds: 6, aspectRatio: '9:16', resolution: '720p', sampleCount: 1 },
      },
    });
    const job = { jobId, model: VEO, signal };
    expect(await provider().videos.poll(job)).toEqual({ status: 'processing' });
    expect(await provider().videos.poll(job)).toEqual({ status: 'processing' });
    expect(await provider().videos.poll(job)).toEqual({ status: 'completed' });
    const file = await provider().videos.fetch(job);
    expect(await read(file)).toHaveLength(4096);
    expect(emulator.requests.at(-1)?.headers['x-goog-api-key']).toBe(KEY);
  });

  it('plans the full length for more than 720 lines', () => {
    const { videos } = provider();
    expect(videos.plan({ prompt: 'x', size: '1920x1080', durationSeconds: 4 }, VEO).seconds).toBe(8);
    expect(videos.plan({ prompt: 'x', durationSeconds: 4 }, VEO)).toEqual({ seconds: 4, size: '1280x720' });
    expect(() => videos.plan({ prompt: 'x', aspectRatio: '1:1' }, VEO)).toThrow(ProviderError);
  });

  it('tells why there is no video', async () => {
    const job = { ...(await create()), model: VEO, signal };
    emulator.always({ jobPolls: 1, jobFails: 'Out of actors.' });
    const error = { code: '13', message: 'Out of actors.' };
    expect(await provider().videos.poll(job)).toEqual({ status: 'failed', error });
    emulator.always({ jobPolls: 1, blocked: 'Audio was filtered.' });
    const held = { code: 'moderation_blocked', message: 'Audio was filtered.' };
    expect(await provider().videos.poll(job)).toEqual({ status: 'failed', error: held });
  });

  it('fetches from Google only', async () => {
    const job = { ...(await create()), model: VEO, signal };
    for (const fileUrl of ['http://169.254.169.254/', 'https://googleapis.com.example.com/x', 'nonsense']) {
      emulator.always({ jobPolls: 1, fileUrl });
      expect(await failure(provider().videos.fetch(job))).toMatchObject({ reason: 'rubbish' });
    }
  });

  it('asks for no operation that is none', async () => {
    const job = { jobId: '../../files/secret', model: VEO, signal };
    expect(await failure(provider().videos.poll(job))).toMatchObject({ reason: 'not_found' });
    expect(emulator.requests).toHaveLength(0);
  });

  it('fails as it should', async () => {
    emulator.next({ status: 429 }, { rubbish: '{"name": "/etc"}' });
    expect(await failure(create())).toMatchObject({ reason: 'rate_limited' });
    expect(await failure(create())).toMatchObject({ reason: 'rubbish' });
  });
});
