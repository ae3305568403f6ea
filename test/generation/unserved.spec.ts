import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { knock } from '../sessions/session-client.js';

const CHAT = { messages: [{ role: 'user', content: 'Tell me about the sea.' }] };

/** Each way to call a model, and the fields that it takes beside it. */
const CALLS = [
  ['/generate/script', { topic: 'The sea' }],
  ['/generate/image', { prompt: 'The sea' }],
  ['/generate/video', { prompt: 'The sea' }],
  ['/v1/chat/completions', CHAT],
  ['/v1/responses', { input: 'Tell me about the sea.' }],
  ['/v1/embeddings', { input: 'The sea' }],
  ['/v1/images/generations', { prompt: 'The sea' }],
  ['/v1/videos', { prompt: 'The sea' }],
] as const;

describe('a provider that is not there', () => {
  let harness: Harness;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({
      upstream: true,
      env: { PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,text-embedding-3-small,gpt-image-1,sora-2' },
    });
    user = await harness.newUser();
  }, 120_000);

  afterAll(() => harness.stop());

  const textOf = (body: { detail?: string; error?: { message: string } }) =>
    body.detail ?? body.error?.message;

  it.each(CALLS)(
    '%s says which key it lacks, or that nobody knows it, and which there are',
    async (path, fields) => {
      const ask = async (more: object) => {
        const { status, body } = await user.api.post(path, { ...fields, ...more });
        expect([status, body.code ?? body.error.code]).toEqual([404, 'not_found']);
        return textOf(body);
      };
      const lacking = 'The provider gemini has no key: set GEMINI_API_KEY. There are: upstream.';
      expect(await ask({ model: 'gemini/gemini-2.5-pro' })).toBe(lacking);
      expect(await ask({ model: 'nobody/small' })).toContain(
        'There is no provider "nobody". There are: upstream.',
      );
      if (!path.startsWith('/generate')) return;
      expect(await ask({ provider: 'gemini' })).toBe(lacking);
      expect(await ask({ provider: 'nobody' })).toBe('There is no provider "nobody". There are: upstream.');
    },
  );

  it.each(['/session', '/v1/realtime'])('%s says the same before the upgrade', async (path) => {
    const ask = async (model: string) => {
      const refused = await knock(harness.url, `${path}?model=${model}`, { key: user.key });
      if (!('body' in refused)) throw new Error('The session was opened.');
      expect(refused.status).toBe(404);
      return textOf(refused.body);
    };
    const lacking = 'The provider openai has no key: set OPENAI_API_KEY. There are: upstream.';
    expect(await ask('openai/gpt-realtime')).toBe(lacking);
    expect(await ask('gpt-realtime')).toBe(lacking);
    expect(await ask('nobody/small')).toContain('There is no provider "nobody". There are: upstream.');
  });
});
