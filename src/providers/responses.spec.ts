import { type Behaviour, type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';
import { countResponsesInput } from '../pricing/index.js';
import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { type ProviderError } from './provider-error.js';
import { type ProviderCall, type ResponseEvent, type WireObject } from './provider.port.js';
import { responseText } from './response-events.js';
import { SimulatedProvider } from './simulated.provider.js';
import { objectsAt } from './wire-object.js';

const HELLO = { model: 'my-alias', input: 'hello world' };
const simulated = new SimulatedProvider({ clock: new FrozenClock(0) });

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => {
  emulator.reset();
});
afterAll(() => emulator.stop());

function openai(): OpenAiCompatibleProvider {
  return new OpenAiCompatibleProvider({
    name: 'openai',
    kind: 'openai',
    apiKey: 'sk-secret-1234567890',
    baseUrl: `${emulator.url}/v1`,
    timeoutMs: 1_000,
    models: [],
  });
}

function call(body: WireObject = HELLO): ProviderCall {
  return { body, model: 'gpt-5', signal: new AbortController().signal };
}

async function collect(events: Promise<AsyncIterable<ResponseEvent>>): Promise<ResponseEvent[]> {
  const all: ResponseEvent[] = [];
  for await (const event of await events) all.push(event);
  return all;
}

function typesOf(events: readonly ResponseEvent[]): unknown[] {
  return [...new Set(events.map(({ raw }) => raw.type))];
}

describe('respond, at OpenAI', () => {
  it('sends the body untouched but for the model, and gives the answer untouched', async () => {
    emulator.next({ extra: { x_unknown: 1 } });
    const body = { ...HELLO, max_output_tokens: 3, x_future: [1], stream: true };
    const answer = await openai().respond(call(body));
    expect(emulator.requests[0]).toMatchObject({ path: '/v1/responses' });
    expect(emulator.requests[0]?.body).toEqual({ ...body, model: 'gpt-5', stream: false });
    expect(answer.body).toMatchObject({ x_unknown: 1, status: 'incomplete' });
    expect(responseText(answer.body)).toBe(' one two three');
    expect(answer.usage).toEqual({ inputTokens: 5, cachedInputTokens: 0, outputTokens: 3, totalTokens: 8 });
  });

  it('streams, with the usage at the end', async () => {
    const events = await collect(openai().respondStream(call()));
    expect(events[0]?.raw.type).toBe('response.created');
    expect(events.map(({ deltaText }) => deltaText).join('')).toMatch(/^ one two three/);
    expect(events.filter(({ usage }) => usage)).toEqual([events.at(-1)]);
    expect(events.at(-1)?.usage).toMatchObject({ outputTokens: 12 });
  });

  it('tells a zero from no count', async () => {
    emulator.next({ usage: 'zero' }, { usage: 'none' });
    expect((await openai().respond(call())).usage?.totalTokens).toBe(0);
    expect(await openai().respond(call())).not.toHaveProperty('usage');
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { reason: 'rate_limited', retryAfterMs: 7000 }],
    ['500', { status: 500 }, { reason: 'server_error' }],
    ['400', { status: 400 }, { reason: 'bad_request' }],
    ['HTML', { rubbish: '<html>', contentType: 'text/html' }, { reason: 'rubbish' }],
    ['no output', { rubbish: '{"id": "x"}' }, { reason: 'rubbish' }],
    ['half of it', { cutAfterChunks: 1 }, { reason: 'connection' }],
    ['never', { hang: true }, { reason: 'timeout' }],
  ])('fails as it should where the answer is %s', async (_, behaviour, expected) => {
    emulator.always(behaviour);
    await expect(openai().respond(call())).rejects.toMatchObject(expected);
  });

  // The first two events only announce: what breaks after them can still go to another provider.
  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['an error after the announcements', { errorAfterChunks: 2 }, { reason: 'server_error' }],
    ['the announcements only', { endAfterChunks: 2 }, { reason: 'connection' }],
    ['a cut after the announcements', { cutAfterChunks: 2 }, { reason: 'connection' }],
    ['a plain answer', { rubbish: '{}', contentType: 'application/json' }, { reason: 'rubbish' }],
    ['rubbish', { rubbish: 'data: {"no": "type"}\n\n' }, { reason: 'rubbish' }],
    [
      'a failed response',
      { rubbish: 'data: {"type":"response.failed","response":{"error":{"code":"server_error"}}}\n\n' },
      { reason: 'server_error' },
    ],
    [
      'no room',
      { rubbish: 'data: {"type":"error","code":"rate_limit_exceeded","message":"later"}\n\n' },
      { reason: 'rate_limited' },
    ],
  ])('opens no stream of %s', async (_, behaviour, expected) => {
    emulator.always(behaviour);
    await expect(openai().respondStream(call())).rejects.toMatchObject(expected);
  });

  it.each<[string, Behaviour, Partial<ProviderError>]>([
    ['cut', { cutAfterChunks: 6 }, { reason: 'connection' }],
    ['ended early', { endAfterChunks: 6 }, { reason: 'connection' }],
    ['hanging', { holdAfterChunks: 6 }, { reason: 'timeout' }],
  ])('rejects a stream that is %s after it has begun', async (_, behaviour, expected) => {
    emulator.always(behaviour);
    const events = await openai().respondStream(call());
    await expect(collect(Promise.resolve(events))).rejects.toMatchObject(expected);
  });

  it('closes the connection of who leaves before the first event', async () => {
    emulator.always({ holdAfterChunks: 8 });
    const events = await openai().respondStream(call());
    await events[Symbol.asyncIterator]().return?.();
    await emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
  });
});

describe('respond, simulated', () => {
  it('answers within the cap, in the form of the other', async () => {
    const body = { input: [{ role: 'user', content: [{ type: 'input_text', text: 'tea' }] }] };
    const whole = await simulated.respond(call({ ...body, instructions: 'Be brief.' }));
    expect(responseText(whole.body)).toContain('tea');
    expect(whole.body).toMatchObject({ object: 'response', status: 'completed' });
    const cut = await simulated.respond(call({ ...body, max_output_tokens: 20 }));
    expect(cut.body).toMatchObject({ status: 'incomplete' });
    expect(cut.usage?.outputTokens).toBeLessThanOrEqual(20);
  });

  it('streams what it would have answered', async () => {
    const { body, usage } = await simulated.respond(call());
    const events = await collect(simulated.respondStream(call()));
    expect(events.map(({ deltaText }) => deltaText).join('')).toBe(responseText(body));
    expect(events.at(-1)).toMatchObject({ raw: { type: 'response.completed', response: body }, usage });
    expect(typesOf(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  it('calls a function that it is forced to', async () => {
    const tools = [
      { type: 'function', name: 'weather', parameters: { properties: { city: { type: 'string' } } } },
    ];
    const body = { ...HELLO, tools, tool_choice: { type: 'function', name: 'weather' } };
    const { body: answer } = await simulated.respond(call(body));
    const [called] = objectsAt(answer, 'output');
    expect(called).toMatchObject({ type: 'function_call', name: 'weather' });
    expect(typesOf(await collect(simulated.respondStream(call(body))))).toContain(
      'response.function_call_arguments.delta',
    );
  });

  it.each([[{}], [{ input: [] }], [{ input: 'x', max_output_tokens: 0 }]])('refuses %j', async (body) => {
    await expect(simulated.respond(call(body))).rejects.toMatchObject({ reason: 'bad_request' });
  });
});

describe('countResponsesInput', () => {
  it('counts never less than the provider', async () => {
    const body = { ...HELLO, instructions: 'Be brief.', input: [{ role: 'user', content: 'hello world' }] };
    const { usage } = await openai().respond(call(body));
    expect(countResponsesInput(body, 'gpt-5')).toBeGreaterThanOrEqual(usage?.inputTokens ?? Infinity);
  });

  it('takes what the provider has stored for long', () => {
    expect(countResponsesInput({ ...HELLO, previous_response_id: 'resp_1' })).toBeGreaterThan(128_000);
  });
});
