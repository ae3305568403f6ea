import { usageOf } from '../support/emulator/realtime.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import { openSession, type SessionClient } from './session-client.js';

const TEXT = '/session?model=gpt-4o-mini';
const REALTIME = '/session?model=gpt-realtime';

/** The stores go away in the middle of sessions, and come back. */
describeWithRedis('a session while a store is down', () => {
  let harness: Harness;
  let redis: TestRedis;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    const env = { PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,gpt-realtime', RESERVATION_TTL_SEC: '3' };
    harness = await newHarness({ redis: true, upstream: true, env });
    if (!harness.redis) throw new Error('this needs a Redis');
    redis = harness.redis;
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterEach(() => {
    redis.resume();
    harness.postgres.resume();
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
  });

  /** Asks until it is answered: what was down may take a moment to be found again. @returns how often it was refused */
  async function answered(client: SessionClient): Promise<number> {
    for (let refused = 0; ; refused++) {
      const [done, errors] = [client.all('response.done').length, client.all('error').length];
      client.say({ type: 'response.create' });
      await until('it is answered', () => {
        return client.all('response.done').length > done || client.all('error').length > errors;
      });
      if (client.all('response.done').length > done) return refused;
    }
  }

  const nothingHeld = () =>
    until('nothing is held, and all is counted', async () => {
      const { body } = await user.api.get('/me/usage');
      const limits = body.limits as { name: string; used: number; reserved: number }[] | undefined;
      const calls = limits?.find(({ name }) => name === 'user.month.calls');
      return calls?.reserved === 0 && calls.used === (await ledger.rows(user.id)).length;
    });

  const rowsWaiting = async () => {
    const metrics = await (await fetch(`${harness.url}/metrics`)).text();
    return Number(/^ledger_rows_waiting (\d+)$/m.exec(metrics)?.[1]);
  };

  /** Says something that is answered at once: what was on its way before the answer has arrived then. */
  async function overtaken(client: SessionClient): Promise<void> {
    const before = client.events.length;
    client.say({ type: 'conversation.item.retrieve', item_id: 'none' });
    await until('it is answered', () => client.events.length > before);
  }

  it('G9: says in an error event that the counters are out of reach, goes on, and heals', async () => {
    const client = await openSession(harness.url, user.key, TEXT);
    client.ask('hello');
    await client.heard('response.done');
    redis.pause();
    client.ask('and now?');
    const { error } = await client.heard('error');
    redis.resume();
    expect(error).toMatchObject({ code: 'store_unavailable', retry_after: expect.any(Number) as number });
    expect(client.closed).toBeUndefined();
    await answered(client);
    expect(await ledger.rows(user.id)).toHaveLength(2);
    await nothingHeld();
    await client.leave();
  });

  it('G3: whose response ends while the counters are gone has its row, once, and they learn of it', async () => {
    const client = await openSession(harness.url, user.key, TEXT);
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 6 });
    client.ask('a long story');
    await until('it speaks', () => client.all('response.output_text.delta').length >= 5);
    await redis.kill9();
    harness.emulator.release();
    const { response } = await client.heard('response.done');
    expect(response).toMatchObject({ status: 'completed', usage: { output_tokens: 40 } });
    expect(await ledger.rows(user.id)).toMatchObject([{ status: 'settled', output_tokens: '40' }]);
    await redis.restart();
    await answered(client);
    expect(await ledger.rows(user.id)).toHaveLength(2);
    await nothingHeld();
    await client.leave();
  }, 30_000);

  it('G9: with a realtime model is closed with 4503 where its next response cannot be held', async () => {
    const client = await openSession(harness.url, user.key, REALTIME);
    await until('its first is held', () => harness.emulator.realtime.sessions[0]?.heard.length === 1);
    redis.pause();
    client.ask('hello');
    const code = await client.closing();
    redis.resume();
    expect(code).toBe(4503);
    expect(client.all('error')).toMatchObject([
      {
        error: { code: 'store_unavailable', type: 'server_error', retry_after: expect.any(Number) as number },
      },
    ]);
    expect(await ledger.rows(user.id)).toHaveLength(client.all('response.done').length);
    await until('the provider is left', () => harness.emulator.realtime.sessions[0]?.closed === true);
    await nothingHeld();
  }, 30_000);

  it('G3: whose response ends while PostgreSQL hangs is told so when its row is written, once', async () => {
    const client = await openSession(harness.url, user.key, TEXT);
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 6 });
    client.ask('a long story');
    await until('it speaks', () => client.all('response.output_text.delta').length >= 5);
    harness.postgres.pause();
    harness.emulator.release();
    await until('all of it is there', () => client.all('response.output_text.delta').length === 40);
    await until('its row waits', async () => (await rowsWaiting()) === 1);
    await overtaken(client);
    // Nothing is done before it is written down.
    expect(client.all('response.done')).toEqual([]);
    harness.postgres.resume();
    const { response, cuota } = await client.heard('response.done');
    expect(response).toMatchObject({ status: 'completed', usage: { output_tokens: 40 } });
    const [row] = await ledger.rows(user.id);
    expect(Number((cuota as { costUsd: string }).costUsd) * 1e9).toBeCloseTo(Number(row?.cost_nano_usd));
    expect(await ledger.rows(user.id)).toMatchObject([{ status: 'settled', output_tokens: '40' }]);
    await answered(client);
    await nothingHeld();
    await client.leave();
  }, 30_000);

  it('G3: with a realtime model hears of a response’s end when its row is written, though PostgreSQL hangs', async () => {
    harness.emulator.realtime.next({ hangAfter: 4 });
    const client = await openSession(harness.url, user.key, REALTIME);
    client.ask('hello');
    await until('it speaks', () => client.all('response.output_text.delta').length === 4);
    harness.postgres.pause();
    const response = { id: 'resp_1', status: 'completed', usage: usageOf(50, 4) };
    harness.emulator.realtime.sessions[0]?.say({ type: 'response.done', response });
    await until('its row waits', async () => (await rowsWaiting()) === 1);
    client.socket.send('rubbish');
    await client.heard('error');
    expect(client.all('response.done')).toEqual([]);
    harness.postgres.resume();
    await client.heard('response.done');
    expect(await ledger.rows(user.id)).toMatchObject([{ input_tokens: '50', output_tokens: '4' }]);
    await client.leave();
    await nothingHeld();
  }, 30_000);
});
