import { lacks, ProviderRouter } from '../../src/providers/index.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

const MESSAGES = [{ role: 'user', content: 'Tell me about the sea.' }];
const CHAT = { model: 'chat', messages: MESSAGES };

/** Alpha is the dear first choice, beta the cheap second; gamma has no price and serves `odd` too. */
describe('routing', () => {
  let harness: Harness;
  let alpha: Emulator;
  let beta: Emulator;
  let gamma: Emulator;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    [alpha, beta, gamma] = await Promise.all([startEmulator(), startEmulator(), startEmulator()]);
    harness = await newHarness({
      env: {
        PROVIDER_ORDER: 'alpha,beta,gamma',
        ...providerAt('alpha', alpha, { models: 'chat=gpt-4o,gpt-image-1,text-embedding-3-small' }),
        ...providerAt('beta', beta, { models: 'chat=gpt-4o-mini,dall-e-3,text-embedding-3-large' }),
        ...providerAt('gamma', gamma, { models: 'odd=home-made,three=home-made' }),
        PROVIDER_ALPHA_TIMEOUT_MS: '400',
      },
    });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
    await Promise.all([alpha.stop(), beta.stop(), gamma.stop()]);
  });

  beforeEach(async () => {
    for (const emulator of [alpha, beta, gamma]) emulator.reset();
    // All have rested, and have answered since.
    harness.clock.advance(3_600_000);
    user = await harness.newUser();
    for (const model of ['alpha/chat', 'beta/chat']) await chat({ model });
    for (const emulator of [alpha, beta]) emulator.reset();
    user = await harness.newUser();
  });

  const chat = (more: object = {}) => user.api.post('/v1/chat/completions', { ...CHAT, ...more });
  const asked = () => [alpha, beta, gamma].map(({ requests }) => requests.length);

  async function standing(name: string): Promise<Record<string, unknown>> {
    const { body } = await harness.admin.get('/admin/providers');
    return body.items.find((one: { name: string }) => one.name === name);
  }

  it.each<[string, Record<string, string>, number]>([
    ['for as long as it asked', { 'retry-after': '7' }, 7_000],
    ['for PROVIDER_COOLDOWN_SEC where it named no time', {}, 60_000],
  ])(
    'a provider that answers 429 is followed by the next, and rests %s; who answered has the one row',
    async (_how, headers, restMs) => {
      alpha.next({ status: 429, headers });
      const answer = await chat();
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-cuota-provider')).toBe('beta');
      expect(answer.body.model).toBe('gpt-4o-mini');
      const rows = await ledger.rows(user.id);
      expect(rows).toEqual([expect.objectContaining({ provider: 'beta', model: 'gpt-4o-mini' })]);
      expect(rows[0]?.id).toBe(answer.headers.get('x-usage-id'));

      expect(await standing('alpha')).toMatchObject({
        state: 'cooling_down',
        until: new Date(harness.clock.now() + restMs).toISOString(),
        lastError: { reason: 'rate_limited', at: new Date(harness.clock.now()).toISOString() },
      });
      harness.clock.advance(restMs - 1);
      expect((await chat()).headers.get('x-cuota-provider')).toBe('beta');
      expect(asked()).toEqual([1, 2, 0]);
      harness.clock.advance(1);
      expect((await chat()).headers.get('x-cuota-provider')).toBe('alpha');
      expect(await standing('alpha')).toMatchObject({ state: 'available', until: null });
    },
  );

  it('obeys a Retry-After that is a date', async () => {
    alpha.next({ status: 429, headers: { 'retry-after': new Date(Date.now() + 30_000).toUTCString() } });
    await chat();
    const { until: restsUntil } = await standing('alpha');
    const restMs = Date.parse(String(restsUntil)) - harness.clock.now();
    expect(restMs).toBeGreaterThan(27_000);
    expect(restMs).toBeLessThanOrEqual(31_000);
  });

  it.each([
    ['fails', { status: 500 }],
    ['sends an error in its stream before anything else', { errorAfterChunks: 0 }],
    ['breaks the connection', { cutAfterChunks: 0 }],
    ['answers a page', { rubbish: '<html></html>', contentType: 'text/html' }],
  ])(
    'a stream goes to the next provider when the first %s before its first byte',
    async (_what, behaviour) => {
      alpha.next(behaviour);
      const answer = await chat({ stream: true });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-cuota-provider')).toBe('beta');
      expect(answer.body.trimEnd()).toMatch(/data: \[DONE\]$/);
      expect(answer.body).not.toContain('error');
      expect(await ledger.rows(user.id)).toEqual([
        expect.objectContaining({ provider: 'beta', status: 'settled' }),
      ]);
      harness.clock.advance(59_999);
      await chat();
      expect(asked()).toEqual([1, 2, 0]);
    },
  );

  it('G11: a stream that broke off after its first byte goes to nobody else, and is paid where it was', async () => {
    alpha.next({ cutAfterChunks: 6 });
    const answer = await chat({ stream: true });
    expect(answer.body).toContain('"code":"provider_failed"');
    expect(asked()).toEqual([1, 0, 0]);
    expect(await ledger.rows(user.id)).toEqual([
      expect.objectContaining({ provider: 'alpha', model: 'gpt-4o', status: 'failed_after_output' }),
    ]);
    expect(await standing('alpha')).toMatchObject({ state: 'cooling_down' });
  });

  it('a provider that takes too long is hung up on, then the next is asked', async () => {
    alpha.next({ hang: true });
    beta.hold();
    const answer = chat();
    await beta.until(({ inFlight }) => inFlight === 1);
    await alpha.until(({ requests }) => requests[0]?.abortedAt !== undefined);
    beta.release();
    expect((await answer).headers.get('x-cuota-provider')).toBe('beta');
    expect(await standing('alpha')).toMatchObject({
      state: 'cooling_down',
      lastError: { reason: 'timeout' },
    });
  });

  it('a provider that does not accept our key rests ten times as long, and the log says so without the key', async () => {
    const before = harness.log.length;
    alpha.next({ status: 401 });
    expect((await chat()).headers.get('x-cuota-provider')).toBe('beta');
    expect(await standing('alpha')).toMatchObject({
      until: new Date(harness.clock.now() + 600_000).toISOString(),
      lastError: { reason: 'auth' },
    });
    const said = harness.log.slice(before).find((line) => line.includes('does not accept our key'));
    expect(said).toContain('"level":50');
    expect(harness.log.join('')).not.toContain('sk-alpha');
  });

  it("the caller's own fault goes to nobody else, and is held against nobody", async () => {
    const answer = await chat({ temperature: 3 });
    expect(answer.status).toBe(400);
    expect(answer.body.error.attempts).toEqual([{ provider: 'alpha', status: 400, reason: 'bad_request' }]);
    expect(asked()).toEqual([1, 0, 0]);
    expect(await standing('alpha')).toMatchObject({ state: 'available' });
  });

  it('a model that one provider has lost is asked of the next, and the provider does not rest', async () => {
    alpha.next({ status: 404 });
    expect((await chat()).headers.get('x-cuota-provider')).toBe('beta');
    expect(await standing('alpha')).toMatchObject({ state: 'available' });
    alpha.next({ status: 404 });
    beta.next({ status: 404 });
    expect((await chat()).status).toBe(404);
  });

  it('after its rest one call tries a provider, and all others go elsewhere until it has answered', async () => {
    alpha.next({ status: 503 });
    await chat();
    harness.clock.advance(60_000);
    expect(await standing('alpha')).toMatchObject({ state: 'half_open' });
    alpha.hold();
    const calls = Array.from({ length: 6 }, () => chat());
    await until('five are answered', () => beta.completed === 6);
    expect(alpha.requests).toHaveLength(2);
    alpha.release();
    const answered = (await Promise.all(calls)).map(({ headers }) => headers.get('x-cuota-provider'));
    expect(answered.sort()).toEqual(['alpha', 'beta', 'beta', 'beta', 'beta', 'beta']);
    expect(await standing('alpha')).toMatchObject({ state: 'available' });
  });

  it('a trial that fails has it rest again; one whose client hangs up leaves the trial to the next', async () => {
    alpha.always({ status: 500 });
    await chat();
    harness.clock.advance(60_000);
    expect((await chat()).headers.get('x-cuota-provider')).toBe('beta');
    expect(await standing('alpha')).toMatchObject({ state: 'cooling_down' });
    harness.clock.advance(60_000);

    alpha.always({ hang: true });
    const hangUp = new AbortController();
    const open = user.api.open('/v1/chat/completions', CHAT, { signal: hangUp.signal });
    await alpha.until(({ inFlight }) => inFlight === 1);
    hangUp.abort();
    await expect(open).rejects.toThrow();
    alpha.always({});
    await until('the trial is free', async () => (await chat()).headers.get('x-cuota-provider') === 'alpha');
  });

  it('G11: where all fail the answer says what was tried and when to come back, and costs nothing', async () => {
    alpha.always({ status: 500 });
    beta.always({ status: 429, headers: { 'retry-after': '12' } });
    const answer = await chat();
    expect([answer.status, answer.body.error.code]).toEqual([503, 'providers_exhausted']);
    expect(answer.headers.get('retry-after')).toBe('12');
    const attempts = [
      { provider: 'alpha', status: 500, reason: 'server_error' },
      { provider: 'beta', status: 429, reason: 'rate_limited' },
    ];
    expect(answer.body.error.attempts).toEqual(attempts);
    expect(JSON.stringify(answer.body)).not.toMatch(/sk-|The server had|Rate limit reached/);
    const ours = await user.api.post('/generate/script', { topic: 'x', model: 'chat' });
    expect(ours.body).toMatchObject({
      code: 'providers_exhausted',
      attempts: [attempts[0], { provider: 'beta', status: null, reason: 'cooling_down' }],
    });
    expect(await ledger.rows(user.id)).toEqual([]);
  });

  it('nobody is asked who named a time to come back, even where nobody else is left', async () => {
    for (const emulator of [alpha, beta]) emulator.always({ status: 429, headers: { 'retry-after': '40' } });
    await chat();
    harness.clock.advance(10_000);
    const answer = await chat();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(answer.body.error.attempts.map(({ reason }: { reason: string }) => reason)).toEqual([
      'cooling_down',
      'cooling_down',
    ]);
    expect(asked()).toEqual([1, 1, 0]);
  });

  it('the only provider of a call is tried again before its rest is over, by one call at a time', async () => {
    alpha.next({ status: 500 });
    const failed = await chat({ model: 'alpha/chat' });
    expect([failed.status, failed.body.error.code]).toEqual([502, 'provider_failed']);
    alpha.hold();
    const calls = Array.from({ length: 4 }, () => chat({ model: 'alpha/chat' }));
    const first = await Promise.race(calls);
    expect(first.status).toBe(503);
    alpha.release();
    expect((await Promise.all(calls)).map(({ status }) => status).sort()).toEqual([200, 503, 503, 503]);
    expect(asked()).toEqual([2, 0, 0]);
    expect(await standing('alpha')).toMatchObject({ state: 'available' });
  });

  it('all of them too slow is a 504', async () => {
    alpha.next({ hang: true });
    const answer = await chat({ model: 'alpha/chat' });
    expect([answer.status, answer.body.error.code]).toEqual([504, 'provider_timeout']);
  });

  it('G1: is reserved once, for the dearest that may answer, and settled at the price of the one that did', async () => {
    user = await harness.newUser({ monthlyCallLimit: 1, monthlyCostLimitUsd: '1' });
    const costOf = async () => {
      const { body } = await user.api.get('/me/usage');
      return body.limits.find(({ name }: { name: string }) => name === 'user.month.cost');
    };
    alpha.next({ status: 500 });
    beta.hold();
    const answer = chat({ max_tokens: 1_000 });
    await beta.until(({ inFlight }) => inFlight === 1);
    // 1,000 tokens out at 10 USD a million, and some in.
    expect(Number((await costOf()).reserved)).toBeGreaterThan(0.01);
    expect(Number((await costOf()).reserved)).toBeLessThan(0.0102);
    beta.release();
    expect((await answer).status).toBe(200);
    const { used, reserved } = await costOf();
    expect([Number(used) < 0.00002, Number(used) > 0, Number(reserved)]).toEqual([true, true, 0]);
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 1, calls: 1 });
    expect((await chat()).status).toBe(429);
  });

  it('G14: who has a money limit is not sent where the price is not known', async () => {
    const odd = { operation: 'llm_call' as const, model: 'auto' };
    const candidates = await harness.app.get(ProviderRouter).candidates(odd);
    expect(candidates.map(({ provider }) => provider.name)).toEqual(['alpha', 'beta', 'gamma']);
    for (const emulator of [alpha, beta]) emulator.always({ status: 500 });
    expect((await chat({ model: 'auto' })).headers.get('x-cuota-provider')).toBe('gamma');
    user = await harness.newUser({ monthlyCostLimitUsd: '1' });
    const answer = await chat({ model: 'auto' });
    expect(answer.status).toBe(503);
    expect(answer.body.error.attempts).toHaveLength(2);
    expect(gamma.requests).toHaveLength(1);
  });

  it('a caller may name a provider, a model at a provider, a model, an alias, or none', async () => {
    const at = async (more: object) => (await chat(more)).headers.get('x-cuota-provider');
    expect(await at({ model: 'gpt-4o-mini' })).toBe('beta');
    expect(await at({ model: 'beta/chat' })).toBe('beta');
    expect(await at({ model: 'odd' })).toBe('gamma');
    expect(await at({ model: 'auto' })).toBe('alpha');
    expect(await at({ model: null })).toBe('alpha');
    const script = await user.api.post('/generate/script', { topic: 'x', provider: 'beta' });
    expect(script.body).toMatchObject({ provider: 'beta', model: 'gpt-4o-mini' });
    alpha.always({ status: 500 });
    expect(await at({ model: 'beta/gpt-4o-mini' })).toBe('beta');
    expect((await chat({ model: 'gpt-4o' })).status).toBe(502);
  });

  it('images and embeddings go to the next provider too, each with the body that its model takes', async () => {
    alpha.always({ status: 500 });
    const image = await user.api.post('/generate/image', { prompt: 'a boat', size: '1024x1024' });
    expect(image.status).toBe(200);
    expect(image.body).toMatchObject({ provider: 'beta', model: 'dall-e-3' });
    expect(alpha.requests[0]?.body).toMatchObject({ model: 'gpt-image-1' });
    expect(alpha.requests[0]?.body.response_format).toBeUndefined();
    expect(beta.requests[0]?.body).toMatchObject({ model: 'dall-e-3', response_format: 'b64_json' });
    harness.clock.advance(60_000);
    const embedding = await user.api.post('/v1/embeddings', { input: 'a boat' });
    expect(embedding.headers.get('x-cuota-provider')).toBe('beta');
    expect(embedding.body.model).toBe('text-embedding-3-large');
    const rows = (await ledger.rows(user.id)).map(({ provider, operation }) => [provider, operation]);
    expect(rows).toEqual([
      ['beta', 'image_generation'],
      ['beta', 'embedding'],
    ]);
  });

  it('may be used from code: who would be asked, and the first answer of so many attempts', async () => {
    const router = harness.app.get(ProviderRouter);
    const operation = 'llm_call';
    const named = async (wanted: { model?: string; preferred?: string } = {}) =>
      (await router.selectProvider({ operation, model: 'chat', ...wanted })).provider.name;
    expect(await named()).toBe('alpha');
    expect(await named({ preferred: 'beta' })).toBe('beta');

    const candidates = await router.candidates({ operation, model: 'chat' });
    const signal = new AbortController().signal;
    const call = {
      operation,
      candidates,
      run: ({ provider, model }: (typeof candidates)[0]) =>
        provider.chat?.({ body: { messages: MESSAGES }, model: model.name, signal }) ??
        lacks(provider, 'chat'),
    } as const;
    alpha.always({ status: 500 });
    await expect(router.executeWithFailover(call, { maxAttempts: 1 })).rejects.toMatchObject({
      code: 'provider_failed',
      members: { attempts: [{ provider: 'alpha', status: 500, reason: 'server_error' }] },
    });
    expect(await named()).toBe('beta');
    expect((await router.executeWithFailover(call)).body.model).toBe('gpt-4o-mini');
    expect(beta.requests).toHaveLength(1);
  });

  it('tells nothing of the providers to who is no admin', async () => {
    expect((await user.api.get('/admin/providers')).status).toBe(403);
    expect(await standing('beta')).toMatchObject({
      permits: { availablePermits: null, ratePerSec: null, maxPermits: null, enabled: false },
      models: expect.arrayContaining([
        {
          name: 'gpt-4o-mini',
          alias: 'chat',
          operations: ['llm_call', 'script_generation'],
          maxOutputTokens: 16_384,
        },
      ]),
    });
  });
});
