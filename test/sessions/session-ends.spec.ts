import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { knock, openSession, SessionClient } from './session-client.js';

const MODEL = '/session?model=gpt-4o-mini';
const ENV = {
  HOURLY_BUDGET_USD: '0.001',
  CIRCUIT_BREAKER_USD: '0.0016',
  CIRCUIT_BREAKER_COOLDOWN_SEC: '3600',
};

/** How sessions end that are not alone: what all callers may spend, and the end of the server. */
describe('sessions beside others', () => {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: ENV });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await Promise.all([harness.postgres.stop(), harness.emulator.stop()]);
  });

  const spentBy = async (users: readonly TestUser[]) => {
    const sums = await Promise.all(users.map(({ id }) => ledger.ledger(id)));
    return sums.reduce((sum, { cost }) => sum + cost, 0);
  };

  /** Asks again and again until the session is closed. */
  async function talkOn(client: SessionClient): Promise<number> {
    while (!client.closed) {
      const before = client.all('response.done').length;
      client.ask('go on');
      await until('it is answered or closed', () => {
        return client.closed !== undefined || client.all('response.done').length > before;
      });
    }
    return client.closed.code;
  }

  it('G1: twenty together never pass the hour’s budget, and each is closed with 4429 at it', async () => {
    harness.emulator.always({ outputTokens: 100 });
    const users = await Promise.all(Array.from({ length: 20 }, () => harness.newUser()));
    const clients = await Promise.all(users.map(({ key }) => openSession(harness.url, key, MODEL)));
    const codes = await Promise.all(clients.map(talkOn));
    expect(new Set(codes)).toEqual(new Set([4429]));
    const last = clients[0]?.events.at(-1)?.error as { code: string; limits: { name: string }[] };
    expect(last).toMatchObject({ code: 'budget_exceeded', limits: [{ name: 'system.hour.cost' }] });
    const spent = await spentBy(users);
    expect(spent).toBeLessThanOrEqual(1_000_000);
    expect(spent).toBeGreaterThan(800_000);
  }, 30_000);

  it('4503: all of them when the circuit breaker opens; 503 for whoever knocks then', async () => {
    harness.clock.advance(3_600_000);
    const [idle, busy] = await Promise.all([harness.newUser(), harness.newUser()]);
    const waiting = await openSession(harness.url, idle.key, MODEL);
    const talking = await openSession(harness.url, busy.key, MODEL);
    expect(await talkOn(talking)).toBe(4503);
    expect(talking.all('error').at(-1)?.error).toMatchObject({ code: 'circuit_open', retry_after: 3600 });
    harness.clock.advance(600_000);
    expect(await waiting.closing()).toBe(4503);
    const refused = await knock(harness.url, MODEL, { key: idle.key });
    expect(refused).toMatchObject({ status: 503, body: { code: 'circuit_open' } });
    if (!(refused instanceof SessionClient)) expect(Number(refused.headers['retry-after'])).toBe(3000);
    harness.clock.advance(3_600_000);
  });

  it('are told on /metrics: how many are open, and how the others ended', async () => {
    const user = await harness.newUser();
    const client = await openSession(harness.url, user.key, MODEL);
    await client.heard('session.created');
    const { body } = await harness.admin.get('/metrics');
    expect(body).toMatch(/^active_sessions_total 1$/m);
    expect(body).toMatch(/^session_duration_seconds_count\{status="budget_exceeded"\} 20$/m);
    expect(body).toMatch(/^session_duration_seconds_count\{status="circuit_open"\} 2$/m);
    await client.leave();
  });

  it('1001: when the server stops, everything settled before, as far as it was sent', async () => {
    const user = await harness.newUser();
    const client = await openSession(harness.url, user.key, MODEL);
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 6, usage: 'none' });
    client.ask('a long story');
    await until('five words are there', () => client.all('response.output_text.delta').length >= 5);
    await harness.app.close();
    expect(await client.closing()).toBe(1001);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ output_tokens: '5', status: 'settled', estimated: true });
    harness.emulator.release();
  });
});
