import { usageByKind } from '../support/emulator/realtime.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { openSession, type SessionClient } from './session-client.js';

const MODEL = '/v1/realtime?model=gpt-realtime-1.5';
/** Nano-dollars a token: read, read from the cache, said. */
const TEXT = [4_000, 400, 16_000] as const;
const AUDIO = [32_000, 400, 64_000] as const;
const IMAGE = [5_000, 500] as const;
const ENV = { PROVIDER_UPSTREAM_MODELS: 'gpt-realtime-1.5', SESSION_BUDGET_USD: '0.5' };
/** A token of sound as it is heard, and as it is said, at 24 kHz. */
const [HEARD, SAID] = [6_400, 3_200];

/** Sound costs eight times what text does: what a session hears and says is told apart. */
describe('the sound of a relayed session', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;
  let client: SessionClient;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: ENV });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser({ monthlyCostLimitUsd: '1000' });
    client = await openSession(harness.url, user.key, MODEL);
    await client.heard('session.created');
  });

  afterEach(() => client.leave());

  const money = async () => {
    const { body } = await user.api.get('/me/usage');
    const limits = body.limits as { name: string; used: string; reserved: string }[];
    const limit = limits.find(({ name }) => name === 'user.month.cost');
    const nano = (usd?: string) => Math.round(Number(usd) * 1e9);
    return { used: nano(limit?.used), reserved: nano(limit?.reserved) };
  };
  const paid = async () => {
    await until('it is settled', async () => (await ledger.rows(user.id)).length === 1);
    const cost = Number((await ledger.rows(user.id))[0]?.cost_nano_usd);
    expect((await money()).used).toBe(cost);
    return cost;
  };
  const answer = async () => {
    client.ask('hello');
    await client.heard('response.done');
  };
  const hear = async (tokens: number) => {
    client.say({ type: 'input_audio_buffer.append', audio: 'A'.repeat(tokens * HEARD) });
    const upstream = harness.emulator.realtime.sessions[0];
    await until('it is heard', () => upstream?.heard.at(-1)?.type === 'input_audio_buffer.append');
  };

  it('is settled to the token, each kind at its price and its price of what is cached', async () => {
    const text = { input: 300, cached: 200, output: 30 };
    const audio = { input: 600, cached: 250, output: 70 };
    const image = { input: 100, cached: 50 };
    harness.emulator.realtime.next({ usage: usageByKind({ text, audio, image }) });
    await answer();
    expect(await paid()).toBe(
      100 * TEXT[0] +
        200 * TEXT[1] +
        30 * TEXT[2] +
        350 * AUDIO[0] +
        250 * AUDIO[1] +
        70 * AUDIO[2] +
        50 * IMAGE[0] +
        50 * IMAGE[1],
    );
  });

  it('is not what was cached, where the provider does not say what was', async () => {
    const usage = usageByKind({ text: { input: 300, output: 5 }, audio: { input: 600, output: 70 } });
    const details = { text_tokens: 300, audio_tokens: 600, cached_tokens: 400 };
    harness.emulator.realtime.next({ usage: { ...usage, input_token_details: details } });
    await answer();
    expect(await paid()).toBe(300 * TEXT[1] + 5 * TEXT[2] + 600 * AUDIO[0] + 70 * AUDIO[2]);
  });

  const WITHOUT_KINDS = { input_tokens: 500, output_tokens: 40, total_tokens: 540 };

  it('is nothing in a session without any, where the provider does not tell the kinds', async () => {
    harness.emulator.realtime.next({ usage: WITHOUT_KINDS });
    await answer();
    expect(await paid()).toBe(500 * TEXT[0] + 40 * TEXT[2]);
  });

  it('is all that is read once there was any, and what was said so, where the provider does not tell', async () => {
    await hear(20);
    harness.emulator.realtime.next({ hangAfter: 2 });
    client.ask('hello');
    await until('it speaks', () => client.all('response.output_text.delta').length === 2);
    const upstream = harness.emulator.realtime.sessions[0];
    const delta = 'A'.repeat(30 * SAID);
    upstream?.say({ type: 'response.output_audio.delta', response_id: 'resp_1', delta });
    const response = { id: 'resp_1', status: 'completed', usage: WITHOUT_KINDS };
    upstream?.say({ type: 'response.done', response });
    await client.heard('response.done');
    expect(await paid()).toBe(500 * AUDIO[0] + 10 * TEXT[2] + 30 * AUDIO[2]);
  });

  it('G11: is paid as it was delivered, where the provider is lost before it counts', async () => {
    harness.emulator.realtime.next({ hangAfter: 2 });
    client.ask('hello');
    await until('it speaks', () => client.all('response.output_text.delta').length === 2);
    const upstream = harness.emulator.realtime.sessions[0];
    const delta = 'A'.repeat(30 * SAID);
    upstream?.say({ type: 'response.output_audio.delta', response_id: 'resp_1', delta });
    await client.heard('response.output_audio.delta');
    upstream?.socket.terminate();
    expect(await client.closing()).toBe(1011);
    const cost = await paid();
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ output_tokens: '32', estimated: true });
    expect(cost).toBe(Number(row?.input_tokens) * AUDIO[0] + 2 * TEXT[2] + 30 * AUDIO[2]);
  });

  it('G1: is what is held, since nobody knows what will be said', async () => {
    await until('a response is held', async () => (await money()).reserved > 0);
    const [update] = harness.emulator.realtime.sessions[0]?.heard ?? [];
    const { max_output_tokens: cap } = update?.session as { max_output_tokens: number };
    expect((await money()).reserved).toBe(100 * AUDIO[0] + cap * AUDIO[2]);
  });

  it('G1: never passes the session’s budget, and is closed with 4429 at it', async () => {
    const usage = (output: number) => usageByKind({ audio: { input: 60, output } });
    for (let at = 0; at < 30; at++) harness.emulator.realtime.next({ outputTokens: 1_000, usage });
    while (!client.closed) {
      const before = client.all('response.done').length;
      client.ask('on');
      await until('it is answered or closed', () => {
        return client.closed !== undefined || client.all('response.done').length > before;
      });
    }
    expect(client.closed.code).toBe(4429);
    const { cost, rows } = await ledger.ledger(user.id);
    expect(rows).toBeGreaterThan(5);
    expect(cost).toBeLessThanOrEqual(500_000_000);
    expect(cost).toBeGreaterThan(450_000_000);
    expect(await money()).toEqual({ used: cost, reserved: 0 });
  });
});
