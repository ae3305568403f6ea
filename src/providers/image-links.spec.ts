import { buffer } from 'node:stream/consumers';

import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { IMAGE_PATH, PIXEL } from '../../test/support/emulator/media.js';

import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { type ProviderError } from './provider-error.js';

const signal = new AbortController().signal;

describe('images by link', () => {
  let emulator: Emulator;
  let fetched: (url: string) => Promise<Buffer>;

  beforeAll(async () => {
    emulator = await startEmulator();
    const provider = new OpenAiCompatibleProvider({
      ...{ name: 'openai', kind: 'openai', apiKey: 'sk-very-secret-1234567890', models: [] },
      ...{ baseUrl: `${emulator.url}/v1`, timeoutMs: 5_000 },
    });
    fetched = async (url) => buffer(await provider.fetchImage({ url, signal }));
  });
  beforeEach(() => {
    emulator.reset();
  });
  afterAll(() => emulator.stop());

  it('are fetched, without the key', async () => {
    expect(await fetched(`${emulator.url}${IMAGE_PATH}`)).toEqual(Buffer.from(PIXEL, 'base64'));
    expect(emulator.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://localhost:1/pixel.png',
    'https://example.com/pixel.png',
    'https://evilx.ai/pixel.png',
    'https://others.blob.core.windows.net/pixel.png',
    'http://imgen.x.ai/pixel.png',
    'file:///etc/passwd',
    'pixel.png',
  ])('are not looked for elsewhere: %s', async (url) => {
    await expect(fetched(url)).rejects.toMatchObject({
      reason: 'rubbish',
      message: expect.stringContaining('where it keeps none') as unknown,
    });
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['gone', { status: 404 }, { reason: 'not_found' }],
    ['a page', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['a video', { contentType: 'video/mp4' }, { reason: 'rubbish' }],
    ['cut off', { cutAfterChunks: 0 }, { reason: 'connection' }],
    ['elsewhere', { fileUrl: 'http://169.254.169.254/latest' }, { reason: 'rubbish' }],
    ['longer than any', { headers: { 'content-length': '70000000' } }, { reason: 'rubbish' }],
  ])('say so where one is %s', async (_what, behaviour, failure) => {
    emulator.next(behaviour);
    await expect(fetched(`${emulator.url}${IMAGE_PATH}`)).rejects.toMatchObject(failure);
  });
});
