import { IMAGE_PATH } from '../support/emulator/media.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Tell me about the sea.' }] };

describe('calls that do not go well', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: { PROVIDER_UPSTREAM_TIMEOUT_MS: '1000' } });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    // What a provider's failure left it resting for is over.
    harness.clock.advance(3_600_000);
    user = await harness.newUser({
      monthlyTokenLimit: 100_000,
      monthlyCallLimit: 100,
      imageGenerationLimit: 10,
    });
  });

  async function used(): Promise<Record<string, unknown>> {
    const { body } = await user.api.get('/me/usage');
    return Object.fromEntries(
      body.limits.map((one: Record<string, unknown>) => [one.name, [Number(one.used), Number(one.reserved)]]),
    );
  }

  async function expectNothingCharged(): Promise<void> {
    expect(await ledger.rows(user.id)).toEqual([]);
    expect(new Set(Object.values(await used()).map(String))).toEqual(new Set(['0,0']));
  }

  it.each([
    ['a 500', { status: 500 }, 502, 'provider_failed'],
    ['a 429', { status: 429, headers: { 'retry-after': '7' } }, 503, 'providers_exhausted'],
    ['its key refused', { status: 401 }, 502, 'provider_failed'],
    [
      'a page instead of JSON',
      { rubbish: '<html>hello</html>', contentType: 'text/html' },
      502,
      'provider_failed',
    ],
    ['JSON that is no answer', { rubbish: '{"hello":"world"}' }, 502, 'provider_failed'],
    ['half an answer', { cutAfterChunks: 1 }, 502, 'provider_failed'],
    ['nothing at all', { hang: true }, 504, 'provider_timeout'],
  ])('G11: %s from the provider costs nothing and is told', async (_what, behaviour, status, code) => {
    for (const stream of [false, true]) {
      harness.emulator.next({
        ...behaviour,
        ...(stream && 'cutAfterChunks' in behaviour && { cutAfterChunks: 0 }),
      });
      const answer = await user.api.post('/v1/chat/completions', { ...CHAT, stream });
      expect([answer.status, answer.body.error.code]).toEqual([status, code]);
      expect(answer.body.error.attempts).toEqual([expect.objectContaining({ provider: 'upstream' })]);
      expect(JSON.stringify(answer.body)).not.toMatch(/sk-|hello/);
    }
    await expectNothingCharged();
  });

  it('obeys the Retry-After of a provider that has no room', async () => {
    harness.emulator.next({ status: 429, headers: { 'retry-after': '7' } });
    expect((await user.api.post('/v1/chat/completions', CHAT)).headers.get('retry-after')).toBe('7');
  });

  it('G11: a failed image costs nothing, and an image that is no image too', async () => {
    harness.emulator.next({ status: 500 }, { rubbish: '{"data":[{"b64_json":"bm8gaW1hZ2U="}]}' });
    for (let call = 0; call < 2; call++) {
      const answer = await user.api.post('/generate/image', { prompt: 'a boat', size: '1024x1024' });
      expect([answer.status, answer.body.code]).toEqual([502, 'provider_failed']);
    }
    await expectNothingCharged();
  });

  it('G11: an image that comes as a link is fetched and kept; one that cannot be had costs nothing', async () => {
    const { emulator } = harness;
    const linked = (url: string) => ({ extra: { data: [{ url }] } });
    const here = linked(`${emulator.url}${IMAGE_PATH}`);
    const ask = () => user.api.post('/generate/image', { prompt: 'a boat', size: '1024x1024' });
    emulator.next(linked('http://169.254.169.254/latest'), here, { status: 500 }, here, {
      cutAfterChunks: 0,
    });
    for (let call = 0; call < 3; call++) {
      const answer = await ask();
      expect([answer.status, answer.body.code]).toEqual([502, 'provider_failed']);
      harness.clock.advance(3_600_000);
    }
    await expectNothingCharged();
    emulator.next(here);
    const { status, body } = await ask();
    expect([status, body.images]).toEqual([200, [expect.objectContaining({ format: 'png', width: 1 })]]);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it("G11: the provider's count wins, an explicit zero too", async () => {
    harness.emulator.next({ usage: 'zero' });
    await user.api.post('/v1/chat/completions', CHAT);
    harness.emulator.next({ usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
    await user.api.post('/v1/chat/completions', CHAT);
    const rows = await ledger.rows(user.id);
    const counts = rows.map((row) => [row.input_tokens, row.output_tokens, row.total_tokens].map(Number));
    expect(counts).toEqual([
      [0, 0, 0],
      [3, 4, 7],
    ]);
    expect(Number(rows[0]?.cost_nano_usd)).toBe(0);
    expect(rows.map(({ estimated }) => estimated)).toEqual([false, false]);
  });

  it.each([false, true])(
    'G11: without a count delivered output is estimated, never free (stream: %s)',
    async (stream) => {
      harness.emulator.next({ usage: 'none' });
      await user.api.post('/v1/chat/completions', { ...CHAT, stream });
      const [row] = await ledger.rows(user.id);
      expect(row).toMatchObject({ estimated: true, status: 'settled' });
      expect(Number(row?.output_tokens)).toBe(12);
      expect(Number(row?.input_tokens)).toBeGreaterThan(5);
    },
  );

  it('G11: a stream that breaks off after output is paid as far as it was sent, and says so inside', async () => {
    harness.emulator.next({ cutAfterChunks: 6 });
    const answer = await user.api.post('/v1/chat/completions', { ...CHAT, stream: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('"code":"provider_failed"');
    expect(answer.body).not.toContain('[DONE]');
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'failed_after_output', estimated: true });
    expect(Number(row?.output_tokens)).toBe(5);
  });

  it('G11: a client that hangs up stops the upstream call and pays what was sent', async () => {
    harness.emulator.next({ holdAfterChunks: 4 });
    const hangUp = new AbortController();
    const response = await user.api.open(
      '/v1/chat/completions',
      { ...CHAT, stream: true },
      { signal: hangUp.signal },
    );
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('three')) text += new TextDecoder().decode((await reader?.read())?.value);
    hangUp.abort();
    await harness.emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
    await until('the row is written', async () => (await ledger.rows(user.id)).length === 1);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'settled', estimated: true });
    expect(Number(row?.output_tokens)).toBe(3);
    expect((await used())['user.month.tokens']).toEqual([Number(row?.total_tokens), 0]);
  });

  it('G11: a client that hangs up before anything was sent pays nothing', async () => {
    for (const stream of [false, true]) {
      harness.emulator.reset();
      harness.emulator.next({ hang: true });
      const hangUp = new AbortController();
      const call = user.api.open('/v1/chat/completions', { ...CHAT, stream }, { signal: hangUp.signal });
      await harness.emulator.until(({ inFlight }) => inFlight === 1);
      hangUp.abort();
      await expect(call).rejects.toThrow();
      await harness.emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
    }
    await until('nothing is held', async () => String((await used())['user.month.calls']) === '0,0');
    await expectNothingCharged();
  });

  it('G3: the end of a stream goes out only when its row is committed', async () => {
    const answer = await user.api.post('/v1/chat/completions', { ...CHAT, stream: true });
    expect(answer.body.trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });
});
