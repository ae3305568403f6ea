import { type ApiAnswer } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { describeWithRedis } from '../support/redis.js';

/** 0.04 USD each, whatever the provider counts. */
const IMAGE = { model: 'dall-e-3', prompt: 'the sea', size: '1024x1024', quality: 'standard', n: 1 };
const HOUR_MS = 3_600_000;

/** The same on every kind of counters: five images an hour, of all callers together. */
function describeHour(redis: boolean): void {
  let harness: Harness;
  let users: TestUser[];

  beforeAll(async () => {
    harness = await newHarness({
      redis,
      upstream: true,
      env: { HOURLY_BUDGET_USD: '0.2', CIRCUIT_BREAKER_USD: '0', PROVIDER_COOLDOWN_SEC: '0' },
    });
    users = await Promise.all([harness.newUser(), harness.newUser()]);
  });

  afterAll(() => harness.stop());

  beforeEach(() => {
    harness.emulator.reset();
    harness.clock.moveTo(Math.ceil((harness.clock.now() + 1) / HOUR_MS) * HOUR_MS + 600_000);
  });

  const image = (at = 0): Promise<ApiAnswer> =>
    users[at % users.length]?.api.post('/v1/images/generations', IMAGE) ??
    Promise.reject(new Error('nobody'));
  const images = (count: number) => Promise.all(Array.from({ length: count }, (_, at) => image(at)));
  const statusesOf = (answers: readonly ApiAnswer[]) => answers.map(({ status }) => status).sort();
  const hour = async () => (await harness.admin.get('/admin/circuit-breaker')).body.hour;

  it('G1: 40 parallel calls of two users spend the hour to the cent, and never pass it', async () => {
    const answers = await images(40);
    expect(statusesOf(answers)).toEqual([...Array<number>(5).fill(200), ...Array<number>(35).fill(429)]);
    expect(harness.emulator.requests.filter(({ path }) => path.includes('images'))).toHaveLength(5);
    expect(await hour()).toMatchObject({ usedUsd: '0.2', reservedUsd: '0', limitUsd: '0.2' });
  });

  it('G13: says which budget it was, and when the hour is over', async () => {
    await images(5);
    const denied = await image();
    expect(denied.body.error).toMatchObject({ code: 'budget_exceeded', type: 'insufficient_quota' });
    expect(denied.body.error.limits).toEqual([
      {
        name: 'system.hour.cost',
        unit: 'cost',
        window: 'hour',
        max: '0.2',
        used: '0.2',
        reserved: '0',
        remaining: '0',
        resetAt: new Date(harness.clock.now() + 3_000_000).toISOString(),
      },
    ]);
    expect(denied.headers.get('retry-after')).toBe('3000');
  });

  it('G12: says that it is spent, and not what was spent: neither what others used nor what their calls hold', async () => {
    await images(2);
    harness.emulator.hold();
    const held = images(2);
    await harness.emulator.until(({ inFlight }) => inFlight === 2);
    const denied = await users[0]?.api.post('/v1/images/generations', { ...IMAGE, n: 2 });
    harness.emulator.release();
    await held;
    const { error } = denied?.body ?? {};
    expect(error.limits).toMatchObject([
      { name: 'system.hour.cost', max: '0.2', used: '0.2', reserved: '0', remaining: '0' },
    ]);
    expect(denied?.headers.get('ratelimit')).toContain('"system.hour.cost";r=0;');
    expect(error.message).toMatch(/^system\.hour\.cost: all callers together spent what they may/);
    expect(error.message).not.toContain('USD');
    expect(await hour()).toMatchObject({ usedUsd: '0.16', reservedUsd: '0' });
  });

  it('G6: begins anew with the next hour, and charges a call to the hour in which it was reserved', async () => {
    const startsAtMs = harness.clock.now() - 600_000;
    harness.clock.moveTo(startsAtMs + HOUR_MS - 1);
    expect(statusesOf(await images(4))).toEqual([200, 200, 200, 200]);
    harness.emulator.hold();
    const last = image();
    await harness.emulator.until((emulator) => emulator.inFlight === 1);
    expect((await image()).status).toBe(429);

    harness.clock.moveTo(startsAtMs + HOUR_MS);
    harness.emulator.release();
    expect((await last).status).toBe(200);
    expect(await hour()).toMatchObject({ usedUsd: '0', reservedUsd: '0' });
    expect(statusesOf(await images(6))).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('G11: what fails costs the hour nothing', async () => {
    harness.emulator.always({ status: 500 });
    expect((await image()).status).toBe(502);
    harness.emulator.reset();
    expect(statusesOf(await images(6))).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('G5: lost counters refill nothing, and neither does an admin who takes back all quotas', async () => {
    await images(5);
    if (redis) await harness.redis?.flushAll();
    expect((await image()).status).toBe(429);
    const reset = await harness.admin.post('/admin/quotas/reset', { scope: 'all', reason: 'a gift' });
    expect(reset.status).toBe(200);
    expect((await image()).status).toBe(429);
    expect(await hour()).toMatchObject({ usedUsd: '0.2' });
  });

  it('is nobody’s to see but an admin’s', async () => {
    const answer = await image();
    expect(answer.headers.get('ratelimit')).not.toContain('system.');
    const { body } = (await users[0]?.api.get('/me/usage')) ?? { body: undefined };
    expect(JSON.stringify(body)).not.toContain('system.');
    expect((await users[0]?.api.get('/admin/circuit-breaker'))?.status).toBe(403);
  });
}

describe('the hourly budget on counters in memory', () => {
  describeHour(false);
});

describeWithRedis('the hourly budget on counters in Redis', () => {
  describeHour(true);
});

describe('budgets of the system that hold nobody', () => {
  it('G14: are no money limit of a caller’s own: a model without a price is served', async () => {
    const harness = await newHarness({
      upstream: true,
      env: { HOURLY_BUDGET_USD: '0.2', PROVIDER_UPSTREAM_MODELS: 'nobody-knows-my-price' },
    });
    try {
      const { api } = await harness.newUser();
      const chat = { messages: [{ role: 'user', content: 'hi' }] };
      expect((await api.post('/v1/chat/completions', chat)).status).toBe(200);
    } finally {
      await harness.stop();
    }
  });

  it('are not asked where limits are off, and show what was spent all the same', async () => {
    const harness = await newHarness({
      upstream: true,
      env: { HOURLY_BUDGET_USD: '0.04', CIRCUIT_BREAKER_USD: '0.04', RATE_LIMIT_ENABLED: 'false' },
    });
    try {
      const { api } = await harness.newUser();
      for (let call = 0; call < 3; call++)
        expect((await api.post('/v1/images/generations', IMAGE)).status).toBe(200);
      const { body } = await harness.admin.get('/admin/circuit-breaker');
      expect(body).toMatchObject({ state: 'closed', usedUsd: '0.12', hour: { usedUsd: '0.12' } });
    } finally {
      await harness.stop();
    }
  });
});
