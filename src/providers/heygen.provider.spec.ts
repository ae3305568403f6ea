import { inspect } from 'node:util';

import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { HeyGenProvider } from './heygen.provider.js';
import { ProviderError } from './provider-error.js';
import { type ModelProvider } from './provider.port.js';
import { type VideoFile, type VideoMaker, type VideoRequest } from './video.port.js';

const KEY = 'heygen-very-secret-1234567890';
const model = 'heygen-avatar';
const signal = new AbortController().signal;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => {
  emulator.reset();
});
afterAll(() => emulator.stop());

function videos(speaker: { avatarId?: string; voiceId?: string } = {}): VideoMaker {
  const settings = { name: 'heygen', kind: 'heygen', apiKey: KEY, timeoutMs: 1_000, models: [] } as const;
  return new HeyGenProvider({ ...settings, baseUrl: emulator.url }, speaker).videos;
}

async function created(request: VideoRequest, speaker = {}): Promise<string> {
  return (await videos(speaker).create({ request, model, signal })).jobId;
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

describe('HeyGen', () => {
  it('has avatars that speak, follows the job and fetches the file', async () => {
    const request = { prompt: 'Hello.', avatarId: 'daisy', voiceId: 'warm', aspectRatio: '9:16' } as const;
    const jobId = await created(request);
    expect(emulator.requests).toHaveLength(1);
    expect(emulator.requests[0]).toMatchObject({
      path: '/v2/video/generate',
      headers: { 'x-api-key': KEY },
      body: {
        video_inputs: [
          {
            character: { type: 'avatar', avatar_id: 'daisy', avatar_style: 'normal' },
            voice: { type: 'text', input_text: 'Hello.', voice_id: 'warm' },
          },
        ],
        dimension: { width: 720, height: 1280 },
      },
    });
    const job = { jobId, model, signal };
    expect(await videos().poll(job)).toEqual({ status: 'queued' });
    expect(await videos().poll(job)).toEqual({ status: 'processing' });
    expect(await videos().poll(job)).toEqual({ status: 'completed', seconds: 12.4 });
    expect(await read(await videos().fetch(job))).toHaveLength(4096);
    expect(emulator.requests.at(-1)?.headers).not.toHaveProperty('x-api-key');
  });

  it('lets speak who is set, else the first of the account, which it asks for once', async () => {
    await created({ prompt: 'Hello.' }, { avatarId: 'ours', voiceId: 'ours' });
    expect(emulator.requests.map(({ path }) => path)).toEqual(['/v2/video/generate']);
    const one = videos();
    await one.create({ request: { prompt: 'Hello.' }, model, signal });
    await one.create({ request: { prompt: 'Hello again.' }, model, signal });
    expect(emulator.requests.slice(1).map(({ path }) => path)).toEqual([
      '/v2/avatars',
      '/v2/voices',
      '/v2/video/generate',
      '/v2/video/generate',
    ]);
    expect(emulator.requests.at(-1)?.body.video_inputs).toMatchObject([
      { character: { avatar_id: 'first-avatar' }, voice: { voice_id: 'english' } },
    ]);
    emulator.always({ empty: true });
    expect(await failure(created({ prompt: 'Hello.' }))).toMatchObject({ reason: 'not_found' });
  });

  it('plans as long as the text takes, whatever length was asked for', () => {
    const seconds = (prompt: string, durationSeconds?: number) =>
      videos().plan({ prompt, ...(durationSeconds !== undefined && { durationSeconds }) }, model).seconds;
    expect(seconds('x'.repeat(100))).toBe(10);
    expect(seconds('x'.repeat(100), 3)).toBe(10);
    expect(seconds('漢'.repeat(30))).toBe(10);
    expect(() => seconds('')).toThrow(ProviderError);
    expect(() => seconds('x'.repeat(5001))).toThrow(ProviderError);
  });

  it('tells why a job failed', async () => {
    const jobId = await created({ prompt: 'Hello.', avatarId: 'a', voiceId: 'v' });
    emulator.always({ jobPolls: 1, jobFails: 'Voice broke' });
    const error = { code: '40119', message: 'It failed.' };
    expect(await videos().poll({ jobId, model, signal })).toEqual({ status: 'failed', error });
  });

  it('has nothing else', () => {
    const settings = { name: 'heygen', kind: 'heygen', timeoutMs: 1, models: [] } as const;
    const provider: ModelProvider = new HeyGenProvider(settings, {});
    const verbs = ['chat', 'chatStream', 'respond', 'respondStream', 'embed', 'image'];
    expect(verbs.filter((verb) => verb in provider)).toEqual([]);
    expect(provider.models().map(({ operations }) => operations)).toEqual([['video_generation']]);
  });

  it('fetches from HeyGen only', async () => {
    const jobId = await created({ prompt: 'Hello.', avatarId: 'a', voiceId: 'v' });
    for (const fileUrl of ['http://10.0.0.1/', 'https://evilheygen.ai/x', 'https://files.heygen.ai:8443/x']) {
      emulator.always({ jobPolls: 1, fileUrl });
      expect(await failure(videos().fetch({ jobId, model, signal }))).toMatchObject({ reason: 'rubbish' });
    }
  });

  const refused = { data: null, error: { code: 'insufficient_credit', message: `No credit for ${KEY}` } };

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    ['500', { status: 500 }, { reason: 'server_error', status: 500 }],
    ['400', { status: 400 }, { reason: 'bad_request', status: 400 }],
    ['401', { status: 401 }, { reason: 'auth' }],
    ['no credit', { rubbish: JSON.stringify(refused) }, { reason: 'auth' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['no data', { rubbish: '{}' }, { reason: 'rubbish' }],
    ['no id', { rubbish: '{"data": {}}' }, { reason: 'rubbish' }],
    ['half of it', { cutAfterChunks: 1 }, { reason: 'connection' }],
    ['never', { hang: true }, { reason: 'timeout' }],
    ['elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, { reason: 'connection' }],
  ])('fails as it should where the answer is %s', async (_, behaviour, expected) => {
    emulator.always(behaviour);
    const request = { prompt: 'Hello.', avatarId: 'a', voiceId: 'v' };
    expect(await failure(created(request))).toMatchObject(expected);
  });
});
