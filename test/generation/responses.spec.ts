import OpenAI from 'openai';

import { startEmulator, type Emulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

const ASK = { model: 'gpt-4o-mini', input: 'Tell me about the sea.' };
const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

describe('POST /v1/responses', () => {
  let harness: Harness;
  let other: Emulator;
  let ledger: LedgerReader;
  let user: TestUser;
  let client: OpenAI;

  beforeAll(async () => {
    other = await startEmulator();
    const env = {
      GEMINI_API_KEY: 'AIza-secret',
      PROVIDER_GEMINI_BASE_URL: `${other.url}/v1`,
      PROVIDER_GEMINI_MODELS: 'talk=gemini-2.5-flash',
      ...providerAt('second', other, { models: 'talk=gpt-4o-mini' }),
      PROVIDER_UPSTREAM_TIMEOUT_MS: '1000',
      PROVIDER_ORDER: 'gemini,upstream,second',
    };
    const upstreamModels = { PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,talk=gpt-4o-mini' };
    harness = await newHarness({ upstream: true, env: { ...env, ...upstreamModels } });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
    await other.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    other.reset();
    // What a provider's failure left it resting for is over.
    harness.clock.advance(3_600_000);
    user = await harness.newUser({ monthlyTokenLimit: 1_000_000, monthlyCallLimit: 100 });
    client = new OpenAI({ apiKey: user.key, baseURL: `${harness.url}/v1`, maxRetries: 0 });
  });

  async function used(): Promise<[used: number, reserved: number]> {
    const { body } = await user.api.get('/me/usage');
    const tokens = body.limits.find(({ name }: { name: string }) => name === 'user.month.tokens');
    return [tokens.used, tokens.reserved];
  }

  it('what asks nothing, or goes on with what cannot be an id, is left to the provider to judge', async () => {
    for (const body of ['', { ...ASK, previous_response_id: 'a\0b' }]) {
      harness.emulator.next({ status: 400 });
      const answer = await user.api.post('/v1/responses', body);
      expect([answer.status, answer.body.error.type]).toEqual([400, 'invalid_request_error']);
    }
    expect(await used()).toEqual([0, 0]);
  });

  it('is answered, and leaves a row with the count of the provider', async () => {
    const { data, response } = await client.responses.create(ASK).withResponse();
    expect(data.output_text).toContain('one two');
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({
      id: response.headers.get('x-usage-id'),
      provider: 'upstream',
      operation: 'llm_call',
      status: 'settled',
      estimated: false,
      resource_id: data.id,
    });
    expect([Number(row?.input_tokens), Number(row?.output_tokens)]).toEqual([
      data.usage?.input_tokens,
      data.usage?.output_tokens,
    ]);
    expect(await used()).toEqual([data.usage?.total_tokens, 0]);
  });

  it('streams each event as it came, and the last one only when the call is settled', async () => {
    harness.emulator.next({ holdAfterChunks: 6 });
    const stream = await client.responses.create({ ...ASK, stream: true });
    const types: string[] = [];
    let text = '';
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
      // The upstream waits: what it has sent must be here already.
      if (text === ' one two three' && types.length === 6) harness.emulator.release();
      if (event.type === 'response.completed') {
        expect(await ledger.rows(user.id)).toHaveLength(1);
        expect(event.response.usage?.output_tokens).toBe(12);
      }
    }
    expect(types[0]).toBe('response.created');
    expect(types.at(-1)).toBe('response.completed');
    expect(text).toMatch(/^ one two three/);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'settled', estimated: false, resource_id: 'resp_emulated' });
    expect(Number(row?.output_tokens)).toBe(12);
  });

  it('names each event of a stream, and says no [DONE]', async () => {
    const { body } = await user.api.post('/v1/responses', { ...ASK, stream: true });
    const [first] = String(body).split('\n\n');
    expect(first).toMatch(/^event: response\.created\ndata: \{"type":"response\.created"/);
    expect(body).not.toContain('[DONE]');
  });

  it('takes function tools and JSON formats, here and there', async () => {
    const format = { type: 'json_schema' as const, name: 'place', schema: { type: 'object' }, strict: false };
    await client.responses.create({ ...ASK, tools: [WEATHER], text: { format }, metadata: { a: 'b' } });
    expect(harness.emulator.requests[0]?.body).toMatchObject({
      tools: [WEATHER],
      text: { format },
      metadata: { a: 'b' },
    });
  });

  it('passes fields that we do not know through, both ways, and a refusal in the words of the provider', async () => {
    harness.emulator.next({ extra: { x_upstream: { deep: [1] } } });
    const answer = await user.api.post('/v1/responses', { ...ASK, x_client: { kept: true } });
    expect(harness.emulator.requests[0]?.body.x_client).toEqual({ kept: true });
    expect(answer.body.x_upstream).toEqual({ deep: [1] });
    const refused = client.responses.create({ model: 'gpt-4o-mini' });
    await expect(refused).rejects.toThrow(OpenAI.BadRequestError);
    await expect(refused).rejects.toMatchObject({ param: 'input' });
  });

  it('G1: goes upstream with an output cap no larger than what was reserved for it', async () => {
    user = await harness.newUser({ monthlyTokenLimit: 100 });
    harness.emulator.always({ outputTokens: 10_000 });
    const answer = await user.api.post('/v1/responses', { ...ASK, max_output_tokens: 5_000 });
    expect(answer.body.status).toBe('incomplete');
    const cap = Number(harness.emulator.requests[0]?.body.max_output_tokens);
    const [row] = await ledger.rows(user.id);
    expect(Number(row?.estimated_tokens)).toBe(100);
    expect(cap).toBe(Number(row?.output_tokens));
    expect(Number(row?.total_tokens)).toBeLessThanOrEqual(100);
    expect((await user.api.post('/v1/responses', ASK)).status).toBe(429);
  });

  it('G1: reserves for what the provider brings into the prompt by itself', async () => {
    user = await harness.newUser({ monthlyTokenLimit: 100_000 });
    const unseen = [{ previous_response_id: 'resp_x' }, { tools: [{ type: 'web_search' }] }];
    for (const more of unseen) {
      const answer = await user.api.post('/v1/responses', { ...ASK, ...more });
      expect([answer.status, answer.body.error.code]).toEqual([429, 'insufficient_quota']);
    }
    expect(harness.emulator.requests).toHaveLength(0);
  });

  it('G11: a failure costs nothing, a stream that breaks off what was sent, and says so inside', async () => {
    const ask = { ...ASK, model: 'upstream/gpt-4o-mini' };
    harness.emulator.next({ status: 500 }, { status: 500 });
    for (const stream of [false, true]) {
      const answer = await user.api.post('/v1/responses', { ...ask, stream });
      expect([answer.status, answer.body.error.code]).toEqual([502, 'provider_failed']);
      harness.clock.advance(3_600_000);
    }
    expect(await ledger.rows(user.id)).toEqual([]);

    harness.emulator.next({ cutAfterChunks: 6 });
    const events: string[] = [];
    const broken = (async () => {
      const stream = await client.responses.create({ ...ask, stream: true });
      for await (const { type } of stream) events.push(type);
    })();
    await expect(broken).rejects.toMatchObject({ code: 'provider_failed' });
    expect(events.filter((type) => type.endsWith('.delta'))).toHaveLength(3);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'failed_after_output', estimated: true });
    expect(Number(row?.output_tokens)).toBe(3);
  });

  it('G11: a client that hangs up pays what was sent; without a count delivered output is estimated', async () => {
    harness.emulator.next({ holdAfterChunks: 5 });
    const stream = await client.responses.create({ ...ASK, stream: true });
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta' && event.delta === ' two') stream.controller.abort();
    }
    await harness.emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
    await until('the row is written', async () => (await ledger.rows(user.id)).length === 1);
    harness.emulator.next({ usage: 'none' });
    await user.api.post('/v1/responses', ASK);
    const rows = await ledger.rows(user.id);
    expect(rows.map((row) => [row.status, row.estimated, Number(row.output_tokens)])).toEqual([
      ['settled', true, 2],
      ['settled', true, 12],
    ]);
  });

  it('G14: what costs beside its tokens is refused to who has a money limit', async () => {
    user = await harness.newUser({ monthlyCostLimitUsd: '5' });
    const answer = await user.api.post('/v1/responses', { ...ASK, tools: [{ type: 'code_interpreter' }] });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
    expect((await user.api.post('/v1/responses', ASK)).status).toBe(200);
  });

  it('skips a provider that has no responses, and goes to the next where one fails', async () => {
    const first = await user.api.post('/v1/responses', { ...ASK, model: 'talk' });
    expect(first.headers.get('x-cuota-provider')).toBe('upstream');
    harness.emulator.next({ status: 500 });
    const next = await user.api.post('/v1/responses', { ...ASK, model: 'talk' });
    expect(next.headers.get('x-cuota-provider')).toBe('second');
    expect(other.requests.map(({ path }) => path)).toEqual(['/v1/responses']);
    const nobody = await user.api.post('/v1/responses', { ...ASK, model: 'gemini/talk' });
    expect([nobody.status, nobody.body.error.param]).toEqual([404, 'model']);
  });

  it("G12: goes on with a response of one's own at its provider, and never with another's", async () => {
    const id = 'resp_of_mine';
    harness.emulator.next({ status: 500 });
    other.next({ extra: { id } });
    const made = await user.api.post('/v1/responses', { ...ASK, model: 'talk' });
    expect(made.body.id).toBe(id);
    harness.clock.advance(3_600_000);
    const more = { ...ASK, model: 'talk', previous_response_id: id };
    const next = await user.api.post('/v1/responses', more);
    expect(next.headers.get('x-cuota-provider')).toBe('second');
    expect(other.requests.at(-1)?.body).toMatchObject({ previous_response_id: id });

    const stranger = await harness.newUser();
    const denied = await stranger.api.post('/v1/responses', more);
    expect([denied.status, denied.body.error]).toEqual([
      404,
      expect.objectContaining({ code: 'not_found', param: 'previous_response_id' }),
    ]);
    expect(await ledger.rows(stranger.id)).toEqual([]);
    const unknown = await stranger.api.post('/v1/responses', {
      ...ASK,
      previous_response_id: 'resp_elsewhere',
    });
    expect(unknown.status).toBe(200);
    expect(harness.emulator.requests.at(-1)?.body.previous_response_id).toBe('resp_elsewhere');
  });

  it.each([
    [{ stream: 'yes' }, 'stream'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ background: true }, 'background'],
    [{ previous_response_id: 7 }, 'previous_response_id'],
  ])('refuses %j', async (fault, param) => {
    const { status, body } = await user.api.post('/v1/responses', { ...ASK, ...fault });
    expect([status, body.error.type, body.error.param]).toEqual([400, 'invalid_request_error', param]);
  });
});

describe('responses without a key of any provider', () => {
  it('are simulated: plain, streamed, and function calls, through the official client', async () => {
    const harness = await newHarness();
    try {
      const { key } = await harness.newUser();
      const client = new OpenAI({ apiKey: key, baseURL: `${harness.url}/v1` });
      const plain = await client.responses.create({ model: 'auto', input: 'tea' });
      expect(plain.output_text).toContain('tea');
      const stream = client.responses.stream({
        model: 'auto',
        input: 'tea',
        tools: [WEATHER],
        tool_choice: { type: 'function', name: 'weather' },
      });
      const { output } = await stream.finalResponse();
      expect(output[0]).toMatchObject({ type: 'function_call', name: 'weather' });
    } finally {
      await harness.stop();
    }
  });
});
