import { type Harness, newHarness } from '../support/harness.js';

const CHAT = { messages: [{ role: 'user', content: 'Say something.' }] };

describe('denials', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness();
  });

  afterAll(() => harness.stop());

  it('G13: names every limit that was broken, with what it stands at and when room returns', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1, scriptGenerationLimit: 1 });
    await user.api.post('/generate/script', { topic: 'x' });
    const denied = await user.api.post('/generate/script', { topic: 'x' });

    expect(denied.status).toBe(429);
    expect(denied.headers.get('content-type')).toContain('application/problem+json');
    expect(denied.body).toMatchObject({
      type: 'urn:cuota:problem:quota_exceeded',
      code: 'quota_exceeded',
      instance: '/generate/script',
    });
    const shared = {
      window: 'month',
      max: 1,
      used: 1,
      reserved: 0,
      remaining: 0,
      resetAt: '2026-12-01T00:00:00.000Z',
    };
    expect(denied.body.limits).toEqual([
      { name: 'user.month.calls', unit: 'calls', ...shared },
      { name: 'user.month.script_generation', unit: 'script_generation', ...shared },
    ]);
    expect(denied.body.detail).toContain('2026-12-01T00:00:00.000Z');
  });

  it('G13: tells clients that waiting a minute will not help', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    await user.api.post('/v1/chat/completions', CHAT);
    const denied = await user.api.post('/v1/chat/completions', CHAT);
    expect(denied.status).toBe(429);
    expect(denied.body.error).toMatchObject({ type: 'insufficient_quota', code: 'insufficient_quota' });
    expect(denied.headers.get('x-should-retry')).toBe('false');
    expect(Number(denied.headers.get('retry-after'))).toBe(
      (Date.parse('2026-12-01T00:00:00Z') - harness.clock.now()) / 1000,
    );
    expect(denied.headers.get('x-quota-remaining')).toBe('0');
  });

  it('G13: a spent money limit is a budget, told in dollars', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '0.000001' });
    const denied = await user.api.post('/v1/chat/completions', CHAT);
    expect(denied.body.error).toMatchObject({
      code: 'budget_exceeded',
      limits: [{ unit: 'cost', max: '0.000001', used: '0' }],
    });
  });

  it('G14: refuses what cannot be priced to who has a money limit, and to nobody else', async () => {
    const other = await newHarness({
      upstream: true,
      env: { PROVIDER_UPSTREAM_MODELS: 'nobody-knows-my-price' },
    });
    try {
      const limited = await other.newUser({ monthlyCostLimitUsd: '5' });
      const free = await other.newUser();
      const refused = await limited.api.post('/v1/chat/completions', CHAT);
      expect([refused.status, refused.body.error.code]).toEqual([403, 'forbidden']);
      expect(other.emulator.requests).toHaveLength(0);
      expect((await free.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('lets a soft limit through, says so in the answer and marks the row', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1, enforcement: 'soft' });
    await user.api.post('/generate/script', { topic: 'x' });
    const over = await user.api.post('/generate/script', { topic: 'x' });
    expect(over.status).toBe(200);
    expect(over.headers.get('x-quota-exceeded')).toBe('user.month.calls');
    expect(over.body.limits.find((one: { name: string }) => one.name === 'user.month.calls')).toMatchObject({
      used: 2,
      remaining: 0,
    });
  });

  it('only counts for a shadow limit', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1, enforcement: 'shadow' });
    await user.api.post('/generate/script', { topic: 'x' });
    const over = await user.api.post('/generate/script', { topic: 'x' });
    expect([over.status, over.headers.get('x-quota-exceeded')]).toEqual([200, null]);
  });

  it('ignores a RateLimit that is not active, and an absent field inherits the plan', async () => {
    await harness.admin.post('/admin/plans', {
      id: 'two-calls',
      name: 'Two',
      monthlyCallLimit: 2,
      requestsPerMinute: 6_000,
      burst: 100,
    });
    const user = await harness.newUser({ monthlyTokenLimit: 1_000_000 }, 'two-calls');
    for (const status of [200, 200, 429]) {
      expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(status);
    }
    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyCallLimit: 3, isActive: false });
    expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(429);
    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyCallLimit: 3 });
    expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(200);
  });

  it('G6: a new month has room again, with no job in between, and the old one stays readable', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    await user.api.post('/generate/script', { topic: 'x' });
    expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(429);
    const before = harness.clock.now();
    harness.clock.moveTo('2026-12-01T00:00:00Z');
    expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(200);
    const november = await user.api.get('/me/usage?month=2026-11');
    harness.clock.moveTo(before);
    expect(november.body.period).toBe('2026-11-01');
    expect(
      november.body.limits.find((one: { name: string }) => one.name === 'user.month.calls'),
    ).toMatchObject({ used: 1 });
  });
});
