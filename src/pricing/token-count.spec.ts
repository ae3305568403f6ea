import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

import { TextCounter } from './text-counter.js';
import { countChatInput, countEmbeddingInput, countImageInput, countText } from './token-count.js';
import { utf8Bytes } from './tokenizer.js';

const MEGABYTE = 1_000_000;
/** Jest makes the worst of them five times slower than Node; a text in one piece would take minutes. */
const LITTLE_TIME_MS = 8000;
const ENGLISH =
  "The quick brown fox doesn't jump; it naps, 12345 times a day (or so they say).\nThen it eats. ";

function timed<T>(work: () => T): { value: T; ms: number } {
  const start = performance.now();
  return { value: work(), ms: performance.now() - start };
}

describe('countText', () => {
  it.each([
    ['gpt-4o', 'hello world', 2],
    ['gpt-4o', '', 0],
    ['gpt-4o-mini', 'antidisestablishmentarianism', 6],
    ['gpt-5', 'お誕生日おめでとう', 8],
    ['gpt-4', 'お誕生日おめでとう', 9],
    ['text-embedding-3-small', 'antidisestablishmentarianism', 6],
    ['gpt-4o', '2 + 2 = 4', 7],
  ])('%s: %j is %d tokens', (model, text, tokens) => {
    expect(countText(text, model)).toBe(tokens);
  });

  it('counts a long text exactly though it counts it in parts', () => {
    const text = ENGLISH.repeat(300);
    expect(countText(text, 'gpt-4o')).toBe(countTokens(text));
  });

  it.each([
    '漢字かな交じり文'.repeat(400),
    'x'.repeat(5000),
    '😀'.repeat(3000),
    ' \n'.repeat(3000),
    '=-'.repeat(4000),
  ])('counts a text without places to cut at its tokens or a little more (%#)', (text) => {
    const exact = countTokens(text);
    const counted = countText(text, 'gpt-4o');
    expect(counted).toBeGreaterThanOrEqual(exact);
    expect(counted).toBeLessThan(exact * 1.4 + 10);
  });

  it('takes special tokens for the text they are', () => {
    expect(countText('<|endoftext|>', 'gpt-4o')).toBe(7);
    expect(countText('<|im_start|>system', 'gpt-4')).toBeGreaterThan(3);
  });

  it('is never below the bytes of a model whose tokenizer nobody knows', () => {
    expect(countText('naïve', 'my-own-model')).toBe(6);
  });

  it('stays above OpenAI’s count for the other large families', () => {
    for (const model of ['llama-3.3-70b-versatile', 'gemini-2.5-flash', 'qwen/qwen3-32b']) {
      expect(countText(ENGLISH, model)).toBeGreaterThan(countTokens(ENGLISH));
      expect(countText(ENGLISH, model)).toBeLessThan(utf8Bytes(ENGLISH));
    }
  });

  it.each([
    ['one character', 'a'.repeat(MEGABYTE)],
    ['spaces', ' '.repeat(MEGABYTE)],
    ['emoji', '😀'.repeat(MEGABYTE / 4)],
    ['special tokens', '<|endoftext|>'.repeat(MEGABYTE / 13)],
    ['lone surrogates', '\ud83d'.repeat(MEGABYTE / 3)],
    [
      'hexadecimal',
      Array.from({ length: MEGABYTE / 10 }, (_, i) => ((i * 2654435761) % 2 ** 32).toString(36)).join(''),
    ],
    [
      'Han',
      Array.from({ length: MEGABYTE / 3 }, (_, i) =>
        String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
      ).join(''),
    ],
  ])('counts a megabyte of %s in little time, and not below a token each 100 characters', (_, text) => {
    const { value, ms } = timed(() => countText(text, 'gpt-4o'));
    expect(value).toBeGreaterThanOrEqual(text.length / 100);
    expect(value).toBeLessThanOrEqual(utf8Bytes(text) * 1.01);
    expect(ms).toBeLessThan(LITTLE_TIME_MS);
  });

  it('counts past its budget a token a byte', () => {
    const counter = new TextCounter('gpt-4o', 100);
    expect(counter.count(ENGLISH.repeat(2))).toBeLessThan(60);
    expect(counter.count(ENGLISH)).toBe(utf8Bytes(ENGLISH));
  });
});

describe('countChatInput', () => {
  const hello = { role: 'user', content: 'hello world' };

  it('adds what OpenAI counts around messages', () => {
    expect(countChatInput({ model: 'gpt-4o', messages: [hello] })).toBe(3 + 3 + 1 + 2);
    expect(countChatInput({ model: 'gpt-4o', messages: [{ ...hello, name: 'ann' }] })).toBe(
      3 + 3 + 1 + 2 + 1 + 1,
    );
    const parts = [{ type: 'text', text: 'hello world' }];
    expect(countChatInput({ model: 'gpt-4o', messages: [{ role: 'user', content: parts }] })).toBe(9);
  });

  it('counts by the model it is given rather than the alias in the body', () => {
    expect(countChatInput({ model: 'fast', messages: [hello] }, 'gpt-4o')).toBe(9);
  });

  // OpenAI's cookbook, "How to count tokens with tiktoken": the API's own count for this request is 105.
  it('is at least the API’s own count for a function, and not far above', () => {
    const tool = {
      type: 'function',
      function: {
        name: 'get_current_weather',
        description: 'Get the current weather in a given location',
        parameters: {
          type: 'object',
          properties: {
            location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
            unit: {
              type: 'string',
              description: 'The unit of temperature to return',
              enum: ['celsius', 'fahrenheit'],
            },
          },
          required: ['location'],
        },
      },
    };
    const messages = [
      {
        role: 'system',
        content: 'You are a helpful assistant that can answer to questions about the weather.',
      },
      { role: 'user', content: "What's the weather like in Pittsburgh?" },
    ];
    const counted = countChatInput({ model: 'gpt-4o', messages, tools: [tool] });
    expect(counted).toBeGreaterThanOrEqual(101);
    expect(counted).toBeLessThan(200);
  });

  it('counts what an assistant called and what the tool answered', () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'f', arguments: '{"a":"some long argument"}' },
    };
    const bare = countChatInput({ model: 'gpt-4o', messages: [{ role: 'assistant', content: null }] });
    const calling = { role: 'assistant', content: null, tool_calls: [call] };
    expect(countChatInput({ model: 'gpt-4o', messages: [calling] })).toBeGreaterThan(bare + 10);
  });

  it('counts a response schema', () => {
    const schema = {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', properties: {} } },
    };
    expect(countChatInput({ model: 'gpt-4o', messages: [], response_format: schema })).toBeGreaterThan(
      3 + 20,
    );
  });

  it.each([
    ['gpt-4o', 'low', 85],
    ['gpt-4o', 'high', 85 + 8 * 170],
    ['gpt-4o', undefined, 85 + 8 * 170],
    ['gpt-4o-mini', 'auto', 2833 + 8 * 5667],
    ['gpt-4.1-mini', 'low', 2489],
  ])('%s: a picture of detail %s is at most %d tokens', (model, detail, tokens) => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail } };
    expect(countChatInput({ model, messages: [{ role: 'user', content: [image] }] })).toBe(
      3 + 3 + 1 + tokens,
    );
  });

  it('does not count a picture’s base64 as text, but does a file’s', () => {
    const file = { type: 'file', file: { file_data: 'A'.repeat(1000) } };
    expect(countChatInput({ model: 'gpt-4o', messages: [{ role: 'user', content: [file] }] })).toBe(7 + 1000);
  });

  it.each([
    [{}],
    [{ messages: 'hello' }],
    [
      {
        messages: [null, 7, 'x', [], { content: 5 }, { role: {}, content: [null, 3, { type: 'image_url' }] }],
      },
    ],
    [{ messages: [{ role: 'user', content: { toJSON: 1 } }], tools: 'none', functions: [null], model: 12 }],
  ])('counts something for any body: %j', (body) => {
    expect(countChatInput(body)).toBeGreaterThanOrEqual(3);
  });

  it('survives JSON nested deeper than the serialiser can follow', () => {
    const depth = 100_000;
    const tools: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(countChatInput({ model: 'gpt-4o', messages: [], tools })).toBeGreaterThan(1000);
  });

  it('shares one budget of time among all messages', () => {
    const messages = Array.from({ length: 100 }, (_, i) => ({
      role: 'user',
      content: `${i}${'ab c'.repeat(25_000)}`,
    }));
    const { value, ms } = timed(() => countChatInput({ model: 'gpt-4o', messages }));
    expect(value).toBeGreaterThan(2_000_000);
    expect(ms).toBeLessThan(LITTLE_TIME_MS);
  });
});

describe('countEmbeddingInput', () => {
  it.each([
    ['hello world', 2],
    [['hello world', 'hello'], 3],
    [[1, 2, 3], 3],
    [[[1, 2], [3]], 3],
    [undefined, 0],
  ])('%j is %d tokens', (input, tokens) => {
    expect(countEmbeddingInput({ model: 'text-embedding-3-small', input })).toBe(tokens);
  });
});

describe('countImageInput', () => {
  it('counts the prompt', () => {
    expect(countImageInput({ model: 'gpt-image-1', prompt: 'hello world' })).toBe(5);
    expect(countImageInput({ model: 'gpt-image-1' })).toBe(3);
  });
});
