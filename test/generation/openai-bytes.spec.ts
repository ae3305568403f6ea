import OpenAI from 'openai';

import { type EmulatedRequest } from '../support/emulator/emulator.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

/** One red pixel. */
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const USER = { role: 'user', content: 'Tell me about the sea.' };
const TOOL = { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } };
const TOOLS = { tools: [{ type: 'function', function: TOOL }], tool_choice: 'required' };
const SCHEMA = { name: 'sea', strict: true, schema: { type: 'object', properties: {} } };
const CALLED = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } };

/** What our server may say to the provider beside what it was told: the cap it reserved, and that it wants to count. */
const OURS = ['max_tokens', 'max_output_tokens', 'stream_options'];

const CHATS: readonly [string, Record<string, unknown>][] = [
  ['nothing more', {}],
  ['tools', TOOLS],
  [
    'a tool’s answer',
    { messages: [USER, { role: 'assistant', tool_calls: [CALLED] }, { role: 'tool', content: 'x' }] },
  ],
  ['a JSON schema', { response_format: { type: 'json_schema', json_schema: SCHEMA } }],
  ['two choices with logprobs', { n: 2, logprobs: true, top_logprobs: 2 }],
  ['a picture', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] }] }],
  ['stops and a seed', { stop: ['a', 'b'], seed: 42, temperature: 0.5, logit_bias: { 50256: -100 } }],
  ['a developer', { messages: [{ role: 'developer', content: 'Be brief.' }, USER] }],
  ['caps', { max_completion_tokens: 5 }],
  ['who and what for', { user: 'u', metadata: { a: 'b' }, store: true, prompt_cache_key: 'k' }],
];

const RESPONSES: readonly [string, Record<string, unknown>][] = [
  ['nothing more', {}],
  ['tools', { tools: [{ type: 'function', ...TOOL, strict: false }] }],
  ['include', { include: ['reasoning.encrypted_content'], store: false, metadata: { a: 'b' } }],
  ['a response of elsewhere', { previous_response_id: 'resp_elsewhere' }],
  [
    'items',
    { input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }], instructions: 'Be brief.' },
  ],
];

const OTHERS: readonly [string, Record<string, unknown>][] = [
  ['embeddings', { model: 'text-embedding-3-small', input: 'a' }],
  ['embeddings', { model: 'text-embedding-3-small', input: 'a', dimensions: 8, encoding_format: 'base64' }],
  ['embeddings', { model: 'text-embedding-3-small', input: [[1, 2], [3]], encoding_format: 'float' }],
  ['images/generations', { model: 'gpt-image-1', prompt: 'The sea', n: 2, output_format: 'webp' }],
  ['images/generations', { model: 'dall-e-3', prompt: 'The sea', response_format: 'b64_json' }],
];

const withStreams = (cases: typeof CHATS): [string, Record<string, unknown>][] =>
  cases.flatMap(([what, fields]) => [
    [what, fields],
    [`${what}, streamed`, { ...fields, stream: true }],
  ]);

describe('what the provider sends is what OpenAI’s client gets, to the byte', () => {
  let harness: Harness;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    user = await harness.newUser();
  });

  afterAll(() => harness.stop());

  beforeEach(() => {
    harness.emulator.reset();
  });

  /** The same call with the official client, straight to the provider and by way of us. */
  async function both(path: string, body: Record<string, unknown>) {
    const ask = async (apiKey: string, url: string) => {
      const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
      const answer = await client.post(`/${path}`, { body }).asResponse();
      return { text: await answer.text(), sent: harness.emulator.requests.at(-1) };
    };
    return {
      straight: await ask('sk-direct', harness.emulator.url),
      through: await ask(user.key, harness.url),
    };
  }

  /** Everything that the provider is told, without what is ours to say. */
  const told = (request: EmulatedRequest | undefined) =>
    Object.fromEntries(Object.entries(request?.body ?? {}).filter(([name]) => !OURS.includes(name)));

  async function expectSame(path: string, body: Record<string, unknown>) {
    const { straight, through } = await both(path, body);
    expect(through.text).toBe(straight.text);
    expect(through.text).not.toBe('');
    expect(told(through.sent)).toEqual(told(straight.sent));
    expect(harness.emulator.requests).toHaveLength(2);
  }

  it.each(withStreams(CHATS))('a chat with %s', async (_what, fields) => {
    await expectSame('chat/completions', { model: 'gpt-4o-mini', messages: [USER], ...fields });
  });

  it('a streamed chat whose client wants the usage', async () => {
    const stream_options = { include_usage: true };
    await expectSame('chat/completions', {
      model: 'gpt-4o-mini',
      messages: [USER],
      stream: true,
      stream_options,
    });
  });

  it.each([false, true])('a text that is odd to write down (streamed: %s)', async (stream) => {
    harness.emulator.always({
      text: 'ünï \u2028 \u{1f600} "q" \\ / </script> \u0007',
      extra: { x_more: [1, null] },
    });
    await expectSame('chat/completions', { model: 'gpt-4o-mini', messages: [USER], stream });
  });

  it.each(withStreams(RESPONSES))('a response with %s', async (_what, fields) => {
    await expectSame('responses', { model: 'gpt-4o-mini', input: 'Tell me about the sea.', ...fields });
  });

  it.each(OTHERS)('%s of %j', async (path, body) => {
    await expectSame(path, body);
  });
});
