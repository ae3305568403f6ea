import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };

describeWithRedis('when Redis is lost', () => {
  let harness: Harness;
  let redis: TestRedis;
  let other: AppProcess;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis: true, upstream: true, env: { RESERVATION_TTL_SEC: '3' } });
    if (!harness.redis) throw new Error('this needs a Redis');
    redis = harness.redis;
    other = await startApp(harness.environment());
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 60_000);

  afterAll(async () => {
    await other.stop();
    await ledger.close();
    await harness.stop();
  });

  beforeEach(() => {
    harness.emulator.reset();
  });

  const chat = (api: ApiClient) => api.post('/v1/chat/completions', CHAT);
  const usedCalls = async (user: TestUser) => {
    const { body } = await user.api.get('/me/usage');
    return body.limits?.find(({ name }: { name: string }) => name === 'user.month.calls');
  };

  /** A test may leave an instance that has yet to find its way back to Redis. */
  const bothCount = (user: TestUser) =>
    until('both count', async () => {
      const clients = [user.api, new ApiClient(other.url, user.key)];
      const answers = await Promise.all(clients.map((api) => api.get('/me/usage')));
      return answers.every(({ status }) => status === 200);
    });

  it('G5: an emptied Redis refills nobody, calls in flight of every instance included', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const elsewhere = new ApiClient(other.url, user.key);
    await until('one is spent', async () => (await chat(user.api)).status === 200);
    await bothCount(user);
    harness.emulator.hold();
    const inFlight = [chat(user.api), chat(user.api), chat(elsewhere), chat(elsewhere), chat(elsewhere)];
    await harness.emulator.until(({ inFlight: count }) => count === 5);

    await redis.flushAll();
    const rush = [user.api, elsewhere].flatMap((api) => Array.from({ length: 10 }, () => chat(api)));
    await harness.emulator.until(({ inFlight: count }) => count === 9);
    harness.emulator.release();
    const statuses = (await Promise.all([...inFlight, ...rush])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(9);
    expect(statuses.filter((status) => status === 429)).toHaveLength(16);
    expect(await usedCalls(user)).toMatchObject({ used: 10, reserved: 0 });
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 10, calls: 10 });
  }, 30_000);

  it('G5: an older Redis refills nobody', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 3 });
    await chat(user.api);
    const client = new Redis(redis.url);
    await client.save();
    client.disconnect();
    await chat(user.api);
    await chat(user.api);
    await redis.kill9();
    await redis.restart();
    const elsewhere = new ApiClient(other.url, user.key);
    await until('both answer again', async () => {
      const statuses = await Promise.all([user.api, elsewhere].map(async (api) => (await chat(api)).status));
      expect(statuses).not.toContain(200);
      return statuses.every((status) => status === 429);
    });
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 3 });
  }, 30_000);

  it('G9: a Redis that hangs costs a call at most some 250 ms, gives a 503, and heals by itself', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 100 });
    await chat(user.api);
    redis.pause();
    const since = performance.now();
    const denied = await chat(user.api);
    const took = performance.now() - since;
    redis.resume();
    expect([denied.status, denied.body.error.code]).toEqual([503, 'store_unavailable']);
    expect(denied.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(took).toBeLessThan(1_000);
    await until('it heals', async () => (await chat(user.api)).status === 200);
    await until('nothing is held any more', async () => (await usedCalls(user)).reserved === 0);
    const rows = (await ledger.ledger(user.id)).rows;
    expect((await usedCalls(user)).used).toBe(rows);
  }, 30_000);

  it('G11: a failed call that Redis could not be told of costs nothing, however long that takes', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    await bothCount(user);
    harness.emulator.hold();
    harness.emulator.next({ status: 500 });
    const failing = chat(user.api);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    redis.pause();
    harness.emulator.release();
    expect((await failing).status).toBe(502);
    redis.resume();
    const begun = performance.now();
    await until('its deadline has passed', () => performance.now() - begun > 4_000);
    await until('nothing is held any more', async () => (await usedCalls(user)).reserved === 0);
    expect(await usedCalls(user)).toMatchObject({ used: 0 });
    expect(await ledger.rows(user.id)).toEqual([]);
  }, 30_000);

  it('G11: a call that failed while Redis was gone costs nothing where its reservation was registered again', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    await bothCount(user);
    harness.emulator.hold();
    harness.emulator.next({ status: 500 });
    const failing = chat(user.api);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await redis.kill9();
    harness.emulator.release();
    expect((await failing).status).toBe(502);
    await redis.restart();
    const begun = performance.now();
    await until('its deadline has passed', () => performance.now() - begun > 4_000);
    await until('nothing is held any more', async () => (await usedCalls(user))?.reserved === 0);
    expect(await usedCalls(user)).toMatchObject({ used: 0 });
    expect(await ledger.rows(user.id)).toEqual([]);
  }, 30_000);

  it('G4: a call whose process was killed is settled at its estimate, within its deadline', async () => {
    const user = await harness.newUser({ monthlyTokenLimit: 10_000 });
    const doomed = await startApp({ ...harness.environment(), LOG_LEVEL: 'error' });
    harness.emulator.hold();
    const lost = chat(new ApiClient(doomed.url, user.key)).catch(() => undefined);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await doomed.stop('SIGKILL');
    harness.emulator.release();
    await lost;
    await until('it is swept', async () => (await ledger.rows(user.id)).length === 1, 15_000);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'expired', estimated: true, operation: 'llm_call' });
    const { body } = await user.api.get('/me/usage');
    const tokens = body.limits.find(({ name }: { name: string }) => name === 'user.month.tokens');
    expect(tokens).toMatchObject({ used: Number(row?.total_tokens), reserved: 0 });
  }, 40_000);

  it('G4: a call that lasts longer than its deadline is not taken for dead', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    const elsewhere = new ApiClient(other.url, user.key);
    harness.emulator.hold();
    const slow = chat(elsewhere);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    const begun = performance.now();
    await until('twice its deadline has passed', () => performance.now() - begun > 6_500, 10_000);
    harness.emulator.release();
    expect((await slow).status).toBe(200);
    expect(await ledger.rows(user.id)).toMatchObject([{ status: 'settled' }]);
  }, 30_000);
});

describeWithRedis('with STORE_FAILURE=open', () => {
  it('G9: calls go through while Redis is down, and are still written to the ledger', async () => {
    const harness = await newHarness({ redis: true, env: { STORE_FAILURE: 'open' } });
    const ledger = await LedgerReader.open(harness.databaseUrl);
    try {
      const user = await harness.newUser({ monthlyCallLimit: 2 });
      const call = () => user.api.post('/generate/script', { topic: 'x' });
      await call();
      await harness.redis?.kill9();
      expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
      expect(await ledger.ledger(user.id)).toMatchObject({ rows: 3 });
      await harness.redis?.restart();
      await until('it heals, and knows what was used meanwhile', async () => (await call()).status === 429);

      const other = await harness.newUser({ monthlyCallLimit: 3 });
      const again = () => other.api.post('/generate/script', { topic: 'x' });
      await again();
      harness.redis?.pause();
      expect([(await again()).status, (await again()).status]).toEqual([200, 200]);
      harness.redis?.resume();
      await until('one that was only silent knows it too', async () => (await again()).status === 429);
      // On a busy machine one more may find Redis silent: however many went past it, they are counted.
      const { rows } = await ledger.ledger(other.id);
      const { body } = await other.api.get('/me/usage');
      expect(body.limits).toContainEqual(
        expect.objectContaining({ name: 'user.month.calls', used: rows, remaining: 0 }),
      );
    } finally {
      await ledger.close();
      await harness.stop();
    }
  }, 30_000);

  it('G9: a Redis that hangs is waited for once, not at every step of every call', async () => {
    const harness = await newHarness({ redis: true, env: { STORE_FAILURE: 'open' } });
    try {
      const user = await harness.newUser({ monthlyCallLimit: 100 });
      const call = () => user.api.post('/generate/script', { topic: 'x' });
      await call();
      harness.redis?.pause();
      const begun = performance.now();
      for (let n = 0; n < 5; n++) expect((await call()).status).toBe(200);
      const tookMs = performance.now() - begun;
      harness.redis?.resume();
      // Three steps of five calls, each 200 ms, would be 3,000.
      expect(tookMs).toBeLessThan(2_000);
      let made = 6;
      await until('what went past it is counted', async () => {
        made++;
        const { body } = await call();
        const calls = body.limits.find(({ name }: { name: string }) => name === 'user.month.calls');
        return calls?.used === made && calls.reserved === 0;
      });
    } finally {
      await harness.stop();
    }
  }, 30_000);

  it('G9: no call goes through without PostgreSQL, whichever store is away beside it, and it heals', async () => {
    const harness = await newHarness({
      redis: true,
      env: { STORE_FAILURE: 'open', DATABASE_SILENCE_MS: '200' },
    });
    try {
      const user = await harness.newUser({ monthlyCallLimit: 100 });
      const call = () =>
        user.api.post('/generate/script', { topic: 'x' }, { 'Idempotency-Key': randomUUID() });
      await until('a call goes through', async () => (await call()).status === 200);
      await harness.postgres.kill9();
      const refused = [await call(), await call()];
      await harness.redis?.kill9();
      refused.push(await call(), await call());
      expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
        Array(4).fill([503, 'store_unavailable']),
      );
      expect(refused.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
      await harness.postgres.restart();
      await until('it goes through uncounted again', async () => (await call()).status === 200);
      await harness.redis?.restart();
    } finally {
      await harness.stop();
    }
  }, 30_000);
});
