import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { ADMIN_KEY, type Harness, newHarness } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import { openSession, type SessionClient } from './session-client.js';

const MODEL = '/session?model=gpt-4o-mini';
const HOUR_NANO_USD = 1_000_000;
const HOUR_MS = 3_600_000;
const nanoOf = ({ usedUsd }: { readonly usedUsd: string }) => Math.round(Number(usedUsd) * 1e9);

describeWithRedis('sessions over two processes', () => {
  let harness: Harness;
  let processes: AppProcess[];
  let ledger: LedgerReader;
  let env: Record<string, string>;

  beforeAll(async () => {
    harness = await newHarness({
      redis: true,
      upstream: true,
      env: { HOURLY_BUDGET_USD: '0.001', RESERVATION_TTL_SEC: '3', SESSION_MAX_PER_USER: '1' },
    });
    env = harness.environment();
    processes = await Promise.all([startApp(env), startApp(env)]);
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await ledger.close();
    await harness.stop();
  });

  const url = (at: number) => processes[at % 2]?.url ?? '';
  const hour = async (at: number) => {
    const { body } = await new ApiClient(url(at), ADMIN_KEY).get('/admin/circuit-breaker');
    return body.hour as { usedUsd: string; reservedUsd: string; resetAt: string };
  };

  it('G4: of one that was killed another settles what it held, in the session’s budget and in the hour’s', async () => {
    const user = await harness.newUser();
    const doomed = await startApp({ ...env, LOG_LEVEL: 'error' });
    const client = await openSession(doomed.url, user.key, MODEL);
    const { cuota } = await client.heard('session.created');
    const { sessionId } = cuota as { sessionId: string };
    harness.emulator.next({ outputTokens: 100, holdAfterChunks: 6 });
    client.ask('a long story', { max_output_tokens: 100 });
    await until('it speaks', () => client.all('response.output_text.delta').length >= 5);
    await doomed.stop('SIGKILL');
    expect(await client.closing()).toBe(1006);
    harness.emulator.release();
    await until('it is swept', async () => (await ledger.rows(user.id)).length === 1, 15_000);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'expired', estimated: true, session_id: sessionId });

    for (const at of [0, 1])
      await until('the hour has it, and nothing is held', async () => {
        const { usedUsd, reservedUsd } = await hour(at);
        return nanoOf({ usedUsd }) === Number(row?.cost_nano_usd) && reservedUsd === '0';
      });
    // The one that the user may have open is free again.
    const next = await openSession(url(0), user.key, MODEL);
    next.ask('hello', { max_output_tokens: 20 });
    await next.heard('response.done');
    await next.leave();
    // The session's budget has what its end came to, for whoever names it yet.
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };
    const named = await new ApiClient(url(1), user.key).post('/v1/chat/completions', chat, {
      'X-Session-Id': sessionId,
    });
    expect(named.status).toBe(200);
    const rows = await ledger.rows(user.id);
    expect(rows.filter((one) => one.session_id === sessionId)).toHaveLength(2);
  }, 60_000);

  /** Asks until the session is closed. */
  async function talkOn(client: SessionClient): Promise<number> {
    while (!client.closed) {
      const heard = () => client.all('response.done').length + client.all('error').length;
      const before = heard();
      client.ask('go on');
      await until('it is answered or closed', () => client.closed !== undefined || heard() > before);
    }
    return client.closed.code;
  }

  it('G1: twenty of them never pass the hour’s budget, and each is closed with 4429 at it', async () => {
    harness.emulator.reset();
    harness.emulator.always({ outputTokens: 100 });
    const before = await hour(0);
    const users = await Promise.all(Array.from({ length: 20 }, () => harness.newUser()));
    const clients = await Promise.all(users.map(({ key }, at) => openSession(url(at), key, MODEL)));
    const codes = await Promise.all(clients.map(talkOn));
    expect(new Set(codes)).toEqual(new Set([4429]));
    const rows = [];
    for (const { id } of users) rows.push(...(await ledger.rows(id)));
    // The clock is the real one: where it struck meanwhile there are two hours.
    const spent = new Map<number, number>();
    for (const { created_at, cost_nano_usd } of rows) {
      const at = Math.floor((created_at as Date).getTime() / HOUR_MS);
      spent.set(at, (spent.get(at) ?? 0) + Number(cost_nano_usd));
    }
    for (const sum of spent.values()) expect(sum).toBeLessThanOrEqual(HOUR_NANO_USD);
    expect(Math.max(...spent.values())).toBeGreaterThan(0.5 * HOUR_NANO_USD);
    const [one, other] = [await hour(0), await hour(1)];
    expect(other).toEqual(one);
    expect(one.reservedUsd).toBe('0');
    // What one process counts is what both have written.
    const total = [...spent.values()].reduce((sum, nano) => sum + nano);
    if (spent.size === 1 && one.resetAt === before.resetAt) expect(nanoOf(one) - nanoOf(before)).toBe(total);
  }, 60_000);
});
