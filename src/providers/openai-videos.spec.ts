import { type ProviderSettings } from '../config/index.js';
import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { ProviderError } from './provider-error.js';
import { type VideoFile, type VideoMaker, type VideoRequest } from './video.port.js';

const KEY = 'sk-upstream-very-secret-1234567890';
const model = 'sora-2';
const signal = new AbortController().signal;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => {
  emulator.reset();
});
afterAll(() => emulator.stop());

function videos(settings: Partial<ProviderSettings> = {}): VideoMaker {
  const provider = new OpenAiCompatibleProvider({
    name: 'openai',
    kind: 'openai',
    apiKey: KEY,
    baseUrl: `${emulator.url}/v1`,
    timeoutMs: 5_000,
    models: [],
    ...settings,
  });
  if (!provider.videos) throw new Error('it has no videos');
  return provider.videos;
}

async function created(request: VideoRequest = { prompt: 'tea' }): Promise<string> {
  return (await videos().create({ request, model, signal })).jobId;
}

async function read(file: VideoFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of file.bytes) parts.push(part);
  return Buffer.concat(parts);
}

describe('videos', () => {
  it('creates a job, follows it, fetches the file and deletes it', async () => {
    const jobId = await created({
      prompt: 'tea',
      durationSeconds: 5,
      aspectRatio: '9:16',
      extra: { x_new: 1 },
    });
    expect(emulator.requests[0]?.body).toEqual({
      model,
      prompt: 'tea',
      seconds: '8',
      size: '720x1280',
      x_new: 1,
    });
    const job = { jobId, model, signal };
    expect(await videos().poll(job)).toEqual({ status: 'queued', progress: 0 });
    expect(await videos().poll(job)).toEqual({ status: 'processing', progress: 50 });
    expect(await videos().poll(job)).toEqual({ status: 'completed', progress: 100, seconds: 8 });
    const file = await videos().fetch(job);
    expect(file).toMatchObject({ contentType: 'video/mp4', length: 4096 });
    expect(await read(file)).toHaveLength(4096);
    expect(emulator.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
    await videos().cancel?.(job);
    expect(emulator.requests.at(-1)).toMatchObject({ method: 'DELETE', path: `/v1/videos/${jobId}` });
    await expect(videos().cancel?.(job)).resolves.toBeUndefined();
    await expect(videos().poll(job)).rejects.toMatchObject({ reason: 'not_found' });
  });

  it('tells why a job failed', async () => {
    const jobId = await created();
    emulator.always({ jobPolls: 1, jobFails: 'moderation_blocked' });
    const error = { code: 'moderation_blocked', message: 'The emulated job failed.' };
    expect(await videos().poll({ jobId, model, signal })).toMatchObject({ status: 'failed', error });
  });

  it.each<[VideoRequest, string, string | number]>([
    [{ prompt: 'x', durationSeconds: 13 }, 'sora-2', 'durationSeconds'],
    [{ prompt: 'x', aspectRatio: '1:1' }, 'sora-2', 'aspectRatio'],
    [{ prompt: 'x', size: '1792x1024' }, 'sora-2', 'size'],
    [{ prompt: 'x', size: '1792x1024' }, 'sora-2-pro', 4],
    [{ prompt: 'x', durationSeconds: 8 }, 'sora-2', 8],
  ])('plans %j by %s', (request, by, planned) => {
    if (typeof planned === 'number') expect(videos().plan(request, by).seconds).toBe(planned);
    else expect(() => videos().plan(request, by)).toThrow(ProviderError);
  });

  it('plans what another server may have', () => {
    const plan = (request: object) => videos().plan({ prompt: 'x', ...request }, 'seedance-2');
    expect(plan({ durationSeconds: 6.5, size: '1920x1080' })).toEqual({ seconds: 7, size: '1920x1080' });
    expect(plan({ aspectRatio: '1:1' })).toEqual({ seconds: 4, size: '1024x1024' });
    expect(() => plan({ size: 'huge' })).toThrow(ProviderError);
  });

  it('has none at Groq', () => {
    const kind = 'groq';
    const settings = { name: 'x', kind, baseUrl: 'http://localhost/v1', timeoutMs: 1, models: [] } as const;
    expect(new OpenAiCompatibleProvider(settings).videos).toBeUndefined();
  });
});

describe('videos that fail', () => {
  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    ['500', { status: 500 }, { reason: 'server_error', status: 500 }],
    ['400', { status: 400 }, { reason: 'bad_request' }],
    ['401', { status: 401 }, { reason: 'auth' }],
    ['rubbish', { rubbish: '{"id": 3}' }, { reason: 'rubbish' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
  ])('says so where creating answers %s', async (_, behaviour, expected) => {
    emulator.next(behaviour);
    await expect(created()).rejects.toMatchObject(expected);
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    ['404', { status: 404 }, { reason: 'not_found' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['a private address', { fileUrl: 'http://169.254.169.254/latest' }, { reason: 'rubbish' }],
    ['another host', { fileUrl: 'https://example.com/video.mp4' }, { reason: 'rubbish' }],
    ['a host that only ends alike', { fileUrl: 'https://evilopenai.com/v.mp4' }, { reason: 'rubbish' }],
    ['its own host without TLS', { fileUrl: 'http://files.openai.com/v.mp4' }, { reason: 'rubbish' }],
    ['itself', { fileUrl: 'content' }, { reason: 'rubbish' }],
  ])('says so where fetching answers %s', async (_, behaviour, expected) => {
    const jobId = await created();
    emulator.always(behaviour);
    await expect(videos().fetch({ jobId, model, signal })).rejects.toMatchObject(expected);
  });

  it('says so where the file breaks off, stays out, or is left', async () => {
    const jobId = await created();
    const job = { jobId, model, signal, timeoutMs: 300 };
    emulator.next({ cutAfterChunks: 1 }, { holdAfterChunks: 1 }, { hang: true }, { holdAfterChunks: 1 });
    await expect(videos().fetch(job).then(read)).rejects.toMatchObject({ reason: 'connection' });
    await expect(videos().fetch(job).then(read)).rejects.toMatchObject({ reason: 'timeout' });
    await expect(videos().fetch(job)).rejects.toMatchObject({ reason: 'timeout' });
    const client = new AbortController();
    const file = await videos().fetch({ ...job, signal: client.signal, timeoutMs: 5_000 });
    const reading = read(file);
    client.abort();
    await expect(reading).rejects.toMatchObject({ reason: 'aborted' });
    await emulator.until(({ requests }) => requests.at(-1)?.abortedAt !== undefined);
  });
});
