import { crc32, inflateSync } from 'node:zlib';

import { countChatInput, countText } from '../pricing/index.js';
import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { ProviderError } from './provider-error.js';
import { type ChatChunk, type ProviderCall, type WireObject } from './provider.port.js';
import { SimulatedProvider } from './simulated.provider.js';
import { objectAt, objectsAt } from './wire-object.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const provider = new SimulatedProvider({ clock: new FrozenClock(NOW) });
const HELLO = { messages: [{ role: 'user', content: 'A film about tea' }] };
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { enum: ['celsius', 'fahrenheit'] },
        days: { type: 'integer', minimum: 3 },
        places: { type: 'array', minItems: 2, items: { $ref: '#/$defs/place' } },
        note: { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 3 }] },
      },
      $defs: { place: { type: 'object', properties: { inside: { type: ['null', 'boolean'] } } } },
    },
  },
};

function call(body: WireObject, model = 'simulated-text'): ProviderCall {
  return { body, model, signal: new AbortController().signal };
}

function messageOf(body: WireObject, index = 0): WireObject {
  return objectAt(objectsAt(body, 'choices')[index], 'message') ?? {};
}

async function collect(body: WireObject): Promise<ChatChunk[]> {
  const all: ChatChunk[] = [];
  for await (const chunk of await provider.chatStream(call(body))) all.push(chunk);
  return all;
}

async function refusal(work: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ProviderError)) throw new Error('it was not refused');
  return error;
}

describe('SimulatedProvider: chat', () => {
  it('says that it is simulated, the same each time, in really counted tokens', async () => {
    const { body, usage } = await provider.chat(call(HELLO));
    const text = String(messageOf(body).content);
    expect(text).toContain('[Simulated]');
    expect(text).toContain('A film about tea');
    expect(body).toMatchObject({ object: 'chat.completion', created: NOW / 1000, model: 'simulated-text' });
    expect(usage?.outputTokens).toBe(countText(text, 'gpt-4o'));
    expect(usage?.inputTokens).toBe(countChatInput(HELLO, 'gpt-4o'));
    expect((await provider.chat(call(HELLO))).body).toEqual(body);
  });

  it.each([1, 2, 16, 17, 50, 4000])('never writes more than a cap of %d tokens', async (cap) => {
    for (const field of ['max_tokens', 'max_completion_tokens']) {
      const { body, usage } = await provider.chat(
        call({ messages: [{ role: 'user', content: '漢字😀' }], [field]: cap }),
      );
      expect(countText(String(messageOf(body).content), 'gpt-4o')).toBeLessThanOrEqual(cap);
      expect(usage?.outputTokens).toBeLessThanOrEqual(cap);
      expect(objectsAt(body, 'choices')[0]?.finish_reason).toBe(cap < 4000 ? 'length' : 'stop');
    }
  });

  it('gives n different choices and counts them all', async () => {
    const { body, usage } = await provider.chat(call({ ...HELLO, n: 3 }));
    const texts = [0, 1, 2].map((index) => String(messageOf(body, index).content));
    expect(new Set(texts).size).toBeGreaterThan(1);
    expect(usage?.outputTokens).toBe(texts.reduce((sum, text) => sum + countText(text, 'gpt-4o'), 0));
  });

  it.each([
    [{ tools: [WEATHER], tool_choice: 'required' }],
    [{ tools: [WEATHER], tool_choice: { type: 'function', function: { name: 'weather' } } }],
    [{ functions: [WEATHER.function], function_call: { name: 'weather' } }],
  ])('calls the function it is forced to (%#)', async (tools) => {
    const { body } = await provider.chat(call({ ...HELLO, ...tools }));
    const called = objectAt(objectsAt(messageOf(body), 'tool_calls')[0], 'function');
    expect(called?.name).toBe('weather');
    expect(JSON.parse(String(called?.arguments))).toEqual({
      city: 'simulated',
      unit: 'celsius',
      days: 3,
      places: [{ inside: true }, { inside: true }],
      note: 'sim',
    });
    expect(objectsAt(body, 'choices')[0]?.finish_reason).toBe('tool_calls');
  });

  it('writes text where it may', async () => {
    const { body } = await provider.chat(call({ ...HELLO, tools: [WEATHER], tool_choice: 'auto' }));
    expect(messageOf(body).content).toContain('[Simulated]');
  });

  it('answers in the format it is asked for', async () => {
    const object = await provider.chat(call({ ...HELLO, response_format: { type: 'json_object' } }));
    expect(JSON.parse(String(messageOf(object.body).content))).toMatchObject({ simulated: true });
    const schema = { type: 'json_schema', json_schema: { name: 'x', schema: WEATHER.function.parameters } };
    const plausible = await provider.chat(call({ ...HELLO, response_format: schema }));
    expect(JSON.parse(String(messageOf(plausible.body).content))).toMatchObject({ days: 3 });
  });

  it('survives a schema that refers to itself', async () => {
    const parameters = { $ref: '#', properties: {} };
    const tools = [{ type: 'function', function: { name: 'f', parameters } }];
    await expect(provider.chat(call({ ...HELLO, tools, tool_choice: 'required' }))).resolves.toBeDefined();
  });

  it.each<[WireObject, string]>([
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ ...HELLO, max_tokens: 0 }, 'max_tokens'],
    [{ ...HELLO, n: 'two' }, 'n'],
    [{ ...HELLO, tool_choice: { type: 'function', function: { name: 'x' } } }, 'tool_choice'],
  ])('refuses %j', async (body, param) => {
    const expected = { reason: 'bad_request', status: 400, upstreamError: { param } };
    expect(await refusal(provider.chat(call(body)))).toMatchObject(expected);
    expect(await refusal(provider.chatStream(call(body)))).toMatchObject(expected);
  });
});

describe('SimulatedProvider: chatStream', () => {
  it('streams what it would have answered, the usage last', async () => {
    const whole = await provider.chat(call({ ...HELLO, n: 2, max_tokens: 40 }));
    const chunks = await collect({ ...HELLO, n: 2, max_tokens: 40 });
    expect(chunks.length).toBeGreaterThan(10);
    const texts = [0, 1].map((index) => String(messageOf(whole.body, index).content));
    expect(chunks.map(({ deltaText }) => deltaText).join('')).toBe(texts.join(''));
    expect(chunks.at(-1)).toMatchObject({ usageOnly: true, usage: whole.usage });
    expect(chunks.filter(({ usage }) => usage)).toHaveLength(1);
  });

  it('streams a function’s arguments', async () => {
    const chunks = await collect({ ...HELLO, tools: [WEATHER], tool_choice: 'required' });
    expect(chunks.map(({ deltaText }) => deltaText).join('')).toMatch(/^weather\{"city":/);
  });

  it('stops when it is aborted, between chunks too', async () => {
    const slow = new SimulatedProvider({ clock: new FrozenClock(NOW), chunkDelayMs: 60_000 });
    const client = new AbortController();
    const chunks = await slow.chatStream({ ...call(HELLO), signal: client.signal });
    const reading = refusal(chunks[Symbol.asyncIterator]().next());
    client.abort();
    expect(await reading).toMatchObject({ reason: 'aborted' });
    expect(await refusal(provider.chat({ ...call(HELLO), signal: client.signal }))).toMatchObject({
      reason: 'aborted',
    });
  });
});

describe('SimulatedProvider: embed', () => {
  it('gives unit vectors, the same for the same text, in either encoding', async () => {
    const body = { input: ['tea', 'coffee', 'tea'] };
    const { body: answer, usage } = await provider.embed(call(body, 'simulated-embedding'));
    const vectors = objectsAt(answer, 'data').map(({ embedding }) =>
      (Array.isArray(embedding) ? embedding : []).map(Number),
    );
    expect(vectors[0]).toHaveLength(1536);
    expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 5);
    expect(vectors[2]).toEqual(vectors[0]);
    expect(vectors[1]).not.toEqual(vectors[0]);
    expect(usage).toEqual({ inputTokens: 3, cachedInputTokens: 0, outputTokens: 0, totalTokens: 3 });

    const encoded = await provider.embed(call({ ...body, encoding_format: 'base64' }, 'simulated-embedding'));
    const bytes = Buffer.from(String(objectsAt(encoded.body, 'data')[0]?.embedding), 'base64');
    expect(Array.from({ length: 1536 }, (_, at) => bytes.readFloatLE(at * 4))).toEqual(vectors[0]);
  });

  it('keeps to the dimensions asked for, and takes tokens', async () => {
    const { body } = await provider.embed(
      call({ input: [[1, 2], [3]], dimensions: 8 }, 'simulated-embedding'),
    );
    expect(
      objectsAt(body, 'data').map(({ embedding }) => (Array.isArray(embedding) ? embedding.length : 0)),
    ).toEqual([8, 8]);
  });

  it.each([[{}], [{ input: '' }], [{ input: [] }], [{ input: ['x', 3] }], [{ input: 'x', dimensions: 0 }]])(
    'refuses %j',
    async (body) => {
      expect(await refusal(provider.embed(call(body)))).toMatchObject({ reason: 'bad_request' });
    },
  );
});

describe('SimulatedProvider: image', () => {
  it.each([
    ['256x256', 256, 256],
    ['1792x1024', 1792, 1024],
    [undefined, 1024, 1024],
  ])('draws a PNG of %s', async (size, width, height) => {
    const { body } = await provider.image(
      call({ prompt: 'tea', ...(size !== undefined && { size }) }, 'simulated-image'),
    );
    const png = Buffer.from(String(objectsAt(body, 'data')[0]?.b64_json), 'base64');
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const chunks = chunksOf(png);
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect(chunks[0]?.data.readUInt32BE(0)).toBe(width);
    expect(chunks[0]?.data.readUInt32BE(4)).toBe(height);
    expect(inflateSync(chunks[1]?.data ?? Buffer.alloc(0))).toHaveLength(height * (width * 3 + 1));
  });

  it('draws n different images, coloured by their prompt', async () => {
    const draw = async (prompt: string) =>
      objectsAt((await provider.image(call({ prompt, n: 2, size: '256x256' }))).body, 'data').map(
        ({ b64_json }) => b64_json,
      );
    const [one, two] = await draw('tea');
    expect(one).not.toBe(two);
    expect(await draw('tea')).toEqual([one, two]);
    expect(await draw('coffee')).not.toContain(one);
  });

  it.each([[{}], [{ prompt: 'x', size: '1x1' }], [{ prompt: 'x', n: 11 }]])('refuses %j', async (body) => {
    expect(await refusal(provider.image(call(body)))).toMatchObject({ reason: 'bad_request' });
  });
});

function chunksOf(png: Buffer): { type: string; data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}
