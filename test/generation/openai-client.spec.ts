import OpenAI from 'openai';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

const MESSAGES = [{ role: 'user' as const, content: 'Tell me about the sea.' }];

const WEATHER_TOOL = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

describe('the official openai client', () => {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(() => {
    harness.emulator.reset();
  });

  const clientOf = (user: TestUser) => new OpenAI({ apiKey: user.key, baseURL: `${harness.url}/v1` });

  it('chats, and leaves a row with the count of the provider', async () => {
    const user = await harness.newUser();
    const { data, response } = await clientOf(user)
      .chat.completions.create({ model: 'gpt-4o-mini', messages: MESSAGES })
      .withResponse();
    expect(data.choices[0]?.message.content).toContain('one two');
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({
      id: response.headers.get('x-usage-id'),
      provider: 'upstream',
      model: 'gpt-4o-mini',
      operation: 'llm_call',
      status: 'settled',
      estimated: false,
    });
    expect(Number(row?.input_tokens)).toBe(data.usage?.prompt_tokens);
    expect(Number(row?.output_tokens)).toBe(data.usage?.completion_tokens);
    expect(response.headers.get('x-cuota-provider')).toBe('upstream');
  });

  it('streams, and usage is counted though the client did not ask for it', async () => {
    const user = await harness.newUser();
    const stream = await clientOf(user).chat.completions.create({
      model: 'small',
      messages: MESSAGES,
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) {
      expect(chunk.choices).not.toHaveLength(0);
      expect(chunk).not.toHaveProperty('usage');
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toContain('one two');
    expect(harness.emulator.requests[0]?.body.stream_options).toMatchObject({ include_usage: true });
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ estimated: false, status: 'settled', model: 'gpt-4o-mini' });
    expect(Number(row?.output_tokens)).toBe(12);
  });

  it('sees the usage of a stream where it asks for it', async () => {
    const user = await harness.newUser();
    const stream = await clientOf(user).chat.completions.create({
      model: 'gpt-4o-mini',
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    });
    const usages: unknown[] = [];
    for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage.completion_tokens);
    expect(usages).toEqual([12]);
  });

  it('calls tools, plain and streamed', async () => {
    const client = clientOf(await harness.newUser());
    const body = {
      model: 'gpt-4o-mini',
      messages: MESSAGES,
      tools: [WEATHER_TOOL],
      tool_choice: 'required' as const,
    };
    const { choices } = await client.chat.completions.create(body);
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'weather' } });
    const stream = client.chat.completions.stream(body);
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('embeds and makes images', async () => {
    const user = await harness.newUser();
    const client = clientOf(user);
    const embedded = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
    expect(embedded.data.map(({ embedding }) => embedding.length)).toEqual([1536, 1536]);
    const images = await client.images.generate({
      model: 'gpt-image-1',
      prompt: 'a boat',
      n: 2,
      size: '1024x1024',
      quality: 'low',
    });
    expect(images.data).toHaveLength(2);
    const rows = await ledger.rows(user.id);
    expect(rows.map((row) => [row.operation, row.operation_count])).toEqual([
      ['embedding', 1],
      ['image_generation', 2],
    ]);
  });

  it('lists the models and aliases that can be called', async () => {
    const names: string[] = [];
    for await (const model of clientOf(await harness.newUser()).models.list()) names.push(model.id);
    expect(names).toEqual(
      expect.arrayContaining(['gpt-4o-mini', 'small', 'text-embedding-3-small', 'gpt-image-1']),
    );
  });

  it('raises its own RateLimitError on a spent monthly quota, without trying again', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    const client = clientOf(user);
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages: MESSAGES });
    let attempts = 0;
    const counting = new OpenAI({
      apiKey: user.key,
      baseURL: `${harness.url}/v1`,
      fetch: (url, init) => {
        attempts++;
        return fetch(url, init);
      },
    });
    const denied = counting.chat.completions.create({ model: 'gpt-4o-mini', messages: MESSAGES });
    await expect(denied).rejects.toThrow(OpenAI.RateLimitError);
    await expect(denied).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(attempts).toBe(1);
    expect(harness.emulator.requests).toHaveLength(1);
  });

  it('passes fields that we do not know through, both ways', async () => {
    const user = await harness.newUser();
    harness.emulator.next({ extra: { x_upstream: { deep: [1, 'two'] } } });
    const answer = await user.api.post('/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: MESSAGES,
      x_client: { kept: true },
    });
    expect(harness.emulator.requests[0]?.body.x_client).toEqual({ kept: true });
    expect(answer.body.x_upstream).toEqual({ deep: [1, 'two'] });
  });

  it("passes a provider's refusal of a parameter on, in its words", async () => {
    const client = clientOf(await harness.newUser());
    const refused = client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: MESSAGES,
      temperature: 9,
    });
    await expect(refused).rejects.toThrow(OpenAI.BadRequestError);
    await expect(refused).rejects.toMatchObject({ param: 'temperature' });
  });

  it('G1: a call goes upstream with an output cap no larger than what was reserved for it', async () => {
    const user = await harness.newUser({ monthlyTokenLimit: 100 });
    harness.emulator.always({ outputTokens: 10_000 });
    const answer = await user.api.post('/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: MESSAGES,
      max_tokens: 5_000,
    });
    expect(answer.body.choices[0].finish_reason).toBe('length');
    const cap = Number(harness.emulator.requests[0]?.body.max_tokens);
    const [row] = await ledger.rows(user.id);
    expect(Number(row?.estimated_tokens)).toBe(100);
    expect(cap).toBe(Number(row?.output_tokens));
    expect(Number(row?.total_tokens)).toBeLessThanOrEqual(100);
  });

  it("G1: the plan's output cap holds where the caller asks for more or says nothing, for every choice", async () => {
    await harness.admin.post('/admin/plans', {
      id: 'short',
      name: 'Short',
      maxOutputTokens: 20,
      requestsPerMinute: 6_000,
      burst: 100,
    });
    const user = await harness.newUser({}, 'short');
    for (const asked of [{}, { max_tokens: 500 }, { max_completion_tokens: 500, n: 3 }]) {
      await user.api.post('/v1/chat/completions', { model: 'gpt-4o-mini', messages: MESSAGES, ...asked });
    }
    const caps = harness.emulator.requests.map(({ body }) => body.max_completion_tokens ?? body.max_tokens);
    expect(caps).toEqual([20, 20, 20]);
    const rows = await ledger.rows(user.id);
    expect(Number(rows[2]?.estimated_tokens) - Number(rows[2]?.input_tokens)).toBeGreaterThanOrEqual(60);
  });
});
