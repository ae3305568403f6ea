import { type ApiAnswer } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';

const CHAT = { messages: [{ role: 'user', content: 'Say something.' }] };

/** The same races on every kind of counters. */
function describeRaces(redis: boolean): void {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  async function race(
    count: number,
    call: () => Promise<ApiAnswer>,
  ): Promise<{ ok: ApiAnswer[]; denied: ApiAnswer[] }> {
    const answers = await Promise.all(Array.from({ length: count }, call));
    const ok = answers.filter(({ status }) => status === 200);
    const denied = answers.filter(({ status }) => status === 429);
    const other = answers.filter(({ status }) => status !== 200 && status !== 429);
    expect(other.map(({ status, body }) => [status, JSON.stringify(body)])).toEqual([]);
    return { ok, denied };
  }

  async function limit(user: TestUser, name: string) {
    const { body } = await user.api.get('/me/usage');
    return body.limits.find((one: { name: string }) => one.name === name);
  }

  it('G1: 400 parallel calls against a limit of 50 calls give exactly 50 answers', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 50 });
    const { ok, denied } = await race(400, () => user.api.post('/generate/script', { topic: 'the sea' }));
    expect({ ok: ok.length, denied: denied.length }).toEqual({ ok: 50, denied: 350 });
    expect(denied[0]?.body).toMatchObject({
      code: 'quota_exceeded',
      status: 429,
      limits: [{ name: 'user.month.calls', max: 50 }],
    });

    const counted = await limit(user, 'user.month.calls');
    const [rows, days] = [await ledger.ledger(user.id), await ledger.rollUp(user.id)];
    expect(counted).toMatchObject({ used: 50, reserved: 0, remaining: 0 });
    expect({ rows: rows.rows, calls: rows.calls }).toEqual({ rows: 50, calls: 50 });
    expect(days).toMatchObject({
      calls: rows.calls,
      tokens: rows.tokens,
      cost: rows.cost,
      count: rows.count,
    });
    expect((await limit(user, 'user.month.tokens')).used).toBe(rows.tokens);
  });

  it('G1: parallel calls never use more tokens than the limit, and counters and ledger agree to the token', async () => {
    const user = await harness.newUser({ monthlyTokenLimit: 5_000 });
    const { ok, denied } = await race(200, () =>
      user.api.post('/v1/chat/completions', { ...CHAT, max_tokens: 200 }),
    );
    expect(ok.length).toBeGreaterThan(0);
    expect(denied.length).toBeGreaterThan(0);
    const counted = await limit(user, 'user.month.tokens');
    const rows = await ledger.ledger(user.id);
    expect(rows.tokens).toBeLessThanOrEqual(5_000);
    expect(counted).toMatchObject({ used: rows.tokens, reserved: 0 });
    expect((await ledger.rollUp(user.id)).tokens).toBe(rows.tokens);
  });

  it('G1: images are counted one by one, also where one call makes several', async () => {
    const user = await harness.newUser({ imageGenerationLimit: 10 });
    const { ok } = await race(12, () =>
      user.api.post('/generate/image', { prompt: 'a red boat', size: '256x256', count: 3 }),
    );
    expect(ok).toHaveLength(3);
    expect(await limit(user, 'user.month.image_generation')).toMatchObject({
      used: 9,
      reserved: 0,
      remaining: 1,
    });
    expect(await ledger.ledger(user.id)).toMatchObject({ calls: 3, count: 9 });
    const last = await user.api.post('/generate/image', { prompt: 'a red boat', size: '256x256', count: 1 });
    expect(last.status).toBe(200);
  });

  it('G1: money never passes its limit', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '0.01' });
    await race(200, () => user.api.post('/v1/chat/completions', { ...CHAT, max_tokens: 500 }));
    const rows = await ledger.ledger(user.id);
    expect(rows.cost).toBeGreaterThan(0);
    expect(rows.cost).toBeLessThanOrEqual(10_000_000);
  });

  it('G2: a call that one limit denies changes no other', async () => {
    const user = await harness.newUser({ monthlyTokenLimit: 1_000_000, scriptGenerationLimit: 1 });
    await user.api.post('/generate/script', { topic: 'first' });
    const before = (await user.api.get('/me/usage')).body.limits;
    const denied = await user.api.post('/generate/script', { topic: 'second' });
    expect(denied.status).toBe(429);
    expect(denied.headers.get('x-usage-id')).toBeNull();
    expect((await user.api.get('/me/usage')).body.limits).toEqual(before);
  });

  it('G1: an API key of a shared pot denies what its user would still have', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 100 });
    await harness.admin.put(`/admin/limits/api-keys/${user.keyId}`, { monthlyCallLimit: 5 });
    const { ok, denied } = await race(20, () => user.api.post('/v1/chat/completions', CHAT));
    expect(ok).toHaveLength(5);
    expect(denied[0]?.body.error).toMatchObject({
      code: 'insufficient_quota',
      limits: [{ name: 'apiKey.month.calls' }],
    });
  });
}

describe('limits under races, counted in memory', () => {
  describeRaces(false);
});

describeWithRedis('limits under races, counted in Redis', () => {
  describeRaces(true);
});
