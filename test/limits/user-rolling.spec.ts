import { CounterStore } from '../../src/rate-limiting/domain/counters.js';
import { Reconciliation } from '../../src/rate-limiting/reconciliation.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };
/** What one call holds at most, and uses. */
const EACH = 100;
const NAME = 'user.rolling.tokens';

/** A rolling limit of a user's own, on a plan whose tokens are a calendar month's. */
function describeOwn(redis: boolean): void {
  let harness: Harness;
  let year: number;

  beforeAll(async () => {
    harness = await newHarness({ redis, upstream: true });
    harness.emulator.always({
      usage: { prompt_tokens: EACH - 12, completion_tokens: 12, total_tokens: EACH },
    });
    // Redis lets counters of the past expire, by its own clock.
    year = new Date(harness.clock.now()).getUTCFullYear() + 1;
    at('03-20');
  });

  afterAll(() => harness.stop());

  afterEach(async () => {
    // Whatever a test did, the counters are what the ledger says.
    expect(await harness.app.get(Reconciliation).reconcile()).toBe(0);
  });

  const at = (monthAndDay: string) => {
    harness.clock.moveTo(`${year}-${monthAndDay}T12:00:00Z`);
  };
  const chat = async (user: TestUser) => (await user.api.post('/v1/chat/completions', CHAT)).status;
  const statuses = async (user: TestUser, count: number) => {
    const seen: number[] = [];
    for (let done = 0; done < count; done++) seen.push(await chat(user));
    return seen;
  };
  const limit = async (user: TestUser, name = NAME) =>
    (await user.api.get('/me/usage')).body.limits.find((one: { name: string }) => one.name === name);
  const put = async (user: TestUser, body: object) => {
    expect((await harness.admin.put(`/admin/limits/users/${user.id}`, body)).status).toBe(200);
  };
  const used = async (user: TestUser) => (await limit(user)).used / EACH;
  const newUser = (limits?: Record<string, unknown>) => harness.newUser(limits, 'pro');
  const reset = (body: object) => harness.admin.post('/admin/quotas/reset', { reason: 'a gift', ...body });

  it('holds beside those of the month, and is shown with its window', async () => {
    const user = await newUser({ rollingTokenLimit: 2 * EACH });
    expect(await statuses(user, 2)).toEqual([200, 200]);
    const denied = await user.api.post('/v1/chat/completions', CHAT);
    expect(denied.status).toBe(429);
    expect(denied.body.error.limits).toMatchObject([
      { name: NAME, window: 'rolling_30d', max: 2 * EACH, resetAt: `${year}-04-19T00:00:00.000Z` },
    ]);
    expect(await limit(user)).toMatchObject({ max: 2 * EACH, used: 2 * EACH, remaining: 0 });
    expect(await limit(user, 'user.month.tokens')).toMatchObject({ max: 5_000_000, used: 2 * EACH });
    const tight = await newUser({ rollingTokenLimit: 9 * EACH, monthlyTokenLimit: EACH });
    expect(await statuses(tight, 1)).toEqual([200]);
    const refused = await tight.api.post('/v1/chat/completions', CHAT);
    expect(refused.body.error.limits).toMatchObject([{ name: 'user.month.tokens' }]);
  });

  it.each([
    ['0 is unlimited', { rollingTokenLimit: 0 }],
    ['null inherits nothing', { rollingTokenLimit: null, monthlyCallLimit: 100 }],
    ['an inactive one holds nobody', { rollingTokenLimit: 1, isActive: false }],
  ])('%s', async (_, limits) => {
    const user = await newUser(limits);
    expect(await chat(user)).toBe(200);
    expect(await limit(user)).toBeUndefined();
  });

  it('soft lets through and marks', async () => {
    const user = await newUser({ rollingTokenLimit: EACH, enforcement: 'soft' });
    const answers = [1, 2].map(() => user.api.post('/v1/chat/completions', CHAT));
    const marked = (await Promise.all(answers)).map(({ headers }) => headers.get('x-quota-exceeded'));
    expect(marked.sort()).toEqual([NAME, null].sort());
  });

  it('G8: counts what was used before it was set, calls that ran then, and what was used while it was off', async () => {
    const user = await newUser();
    expect(await statuses(user, 2)).toEqual([200, 200]);
    harness.emulator.hold();
    const inFlight = chat(user);
    await harness.emulator.until(({ inFlight: count }) => count === 1);
    await put(user, { rollingTokenLimit: 6 * EACH });
    expect(await used(user)).toBe(2);
    harness.emulator.release();
    expect(await inFlight).toBe(200);
    await until('the notice of the change is heard', async () => (await used(user)) === 3);
    expect(await chat(user)).toBe(200);
    await put(user, { rollingTokenLimit: 0 });
    expect(await chat(user)).toBe(200);
    await put(user, { rollingTokenLimit: 6 * EACH });
    await until('the notice of the change is heard', async () => (await used(user)) === 5);
    expect(await statuses(user, 2)).toEqual([200, 429]);
    harness.clock.advance(86_400_000);
    expect([await used(user), await chat(user)]).toEqual([6, 429]);
  });

  it('G5: is what the ledger says when the counters are lost, over the turn of the month', async () => {
    const user = await newUser({ rollingTokenLimit: 3 * EACH });
    await chat(user);
    at('04-02');
    await chat(user);
    await harness.app.get(CounterStore).invalidateAll();
    expect(await limit(user, 'user.month.tokens')).toMatchObject({ used: EACH });
    expect(await used(user)).toBe(2);
    expect(await statuses(user, 2)).toEqual([200, 429]);
  });

  it('is given back by a reset of the user and by one of all, and raised by a grant', async () => {
    const user = await newUser({ rollingTokenLimit: 2 * EACH });
    await chat(user);
    at('05-02');
    await chat(user);
    at('05-31');
    await chat(user);
    at('06-01');
    expect(await chat(user)).toBe(200);
    expect((await reset({ scope: 'user', id: user.id })).body).toMatchObject({ calls: 1, tokens: 2 * EACH });
    expect(await used(user)).toBe(0);
    at('06-20');
    expect(await statuses(user, 3)).toEqual([200, 200, 429]);
    at('07-05');
    expect((await reset({ scope: 'all' })).status).toBe(200);
    expect(await used(user)).toBe(0);
    const grant = { userId: user.id, unit: 'tokens', amount: EACH, reason: 'a gift' };
    expect((await harness.admin.post('/admin/quotas/grants', grant)).status).toBe(201);
    expect(await limit(user)).toMatchObject({ max: 3 * EACH });
    expect(await limit(user, 'user.month.tokens')).toMatchObject({ max: 5_000_000 + EACH });
    at('08-01');
    expect(await limit(user)).toMatchObject({ max: 3 * EACH });
    expect(await limit(user, 'user.month.tokens')).toMatchObject({ max: 5_000_000 });
  });
}

describe('a user’s own rolling limit, counted in memory', () => {
  describeOwn(false);
});

describeWithRedis('a user’s own rolling limit, counted in Redis', () => {
  describeOwn(true);
});
