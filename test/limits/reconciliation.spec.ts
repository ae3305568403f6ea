import { counterRef } from '../../src/rate-limiting/claims.js';
import { type UnitAmounts } from '../../src/rate-limiting/domain/counters.js';
import { UNITS } from '../../src/rate-limiting/domain/operation.js';
import { CounterStore, LimitResolver, newReservationId, userId } from '../../src/rate-limiting/index.js';
import { Reconciliation } from '../../src/rate-limiting/reconciliation.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };

describeWithRedis('reconciliation', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let reconciliation: Reconciliation;

  beforeAll(async () => {
    harness = await newHarness({ redis: true, upstream: true, env: { RESERVATION_TTL_SEC: '30' } });
    ledger = await LedgerReader.open(harness.databaseUrl);
    reconciliation = harness.app.get(Reconciliation);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    await reconciliation.reconcile();
  });

  const chat = (user: TestUser) => user.api.post('/v1/chat/completions', CHAT);
  const usage = async (user: TestUser, unit = 'calls') => {
    const { body } = await user.api.get('/me/usage');
    return body.limits.find(({ name }: { name: string }) => name === `user.month.${unit}`);
  };
  /** A call that the counter of the user's month knows of, and the ledger does not. */
  const drift = async ({ id }: TestUser, amounts: UnitAmounts) => {
    const caller = { userId: userId(id) };
    const now = harness.clock.now();
    const { counters } = await harness.app.get(LimitResolver).termsOf(caller, now);
    const month = counters.find(({ window }) => window.kind === 'month');
    if (!month) throw new Error('a user has a month');
    const claims = UNITS.map((unit) => ({ unit, max: 0, hard: false, base: 0, perElastic: 0 }));
    const store = harness.app.get(CounterStore);
    const answer = await store.reserve({
      id: newReservationId(now),
      ttlMs: 60_000,
      elastic: { min: 0, max: 0 },
      counters: [{ counter: counterRef(month), claims }],
    });
    if (answer.kind !== 'reserved') throw new Error('a user that has called has a warm counter');
    await store.settle(answer.hold, [amounts]);
  };

  it.each([
    ['less', -2, 429],
    ['more', 2, 200],
  ])('G3: a counter that says %s than the ledger is mended and counted', async (_what, by, status) => {
    const user = await harness.newUser({ monthlyCallLimit: by < 0 ? 3 : 4 });
    for (let call = 0; call < 3; call++) expect((await chat(user)).status).toBe(200);
    const before = reconciliation.drifts;
    await drift(user, { calls: by });
    expect(await usage(user)).toMatchObject({ used: 3 + by });

    expect(await reconciliation.reconcile()).toBe(1);
    expect(reconciliation.drifts).toBe(before + 1);
    expect(await usage(user)).toMatchObject({ used: 3, reserved: 0 });
    expect((await chat(user)).status).toBe(status);
    expect(harness.log.some((line) => line.includes('drifted') && line.includes(user.id))).toBe(true);
    expect(await reconciliation.reconcile()).toBe(0);
  });

  it('G5: a minute after Redis was emptied, what was rebuilt is compared by itself', async () => {
    const user = await harness.newUser();
    await chat(user);
    await harness.redis?.flushAll();
    await until('it counts again', async () => (await chat(user)).status === 200);
    const { calls } = await ledger.ledger(user.id);
    // Seen by the upkeep before the minute begins.
    await reconciliation.afterRebuild();
    await drift(user, { calls: 1 });
    harness.clock.advance(59_000);
    await reconciliation.afterRebuild();
    expect(await usage(user)).toMatchObject({ used: calls + 1 });
    harness.clock.advance(1_000);
    await until('it is mended', async () => (await usage(user)).used === calls, 20_000);
  });

  it('G3: tokens and money drift too', async () => {
    const user = await harness.newUser();
    await chat(user);
    const { tokens } = await ledger.ledger(user.id);
    await drift(user, { tokens: 1 });
    expect(await reconciliation.reconcile()).toBe(1);
    expect(await usage(user, 'tokens')).toMatchObject({ used: tokens });
    await chat(user);
    await drift(user, { cost: -1 });
    expect(await reconciliation.reconcile()).toBe(1);
  });

  it('G1: calls in flight keep what they hold, and are counted once when they end', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    await chat(user);
    harness.emulator.hold();
    const inFlight = [chat(user), chat(user), chat(user)];
    await harness.emulator.until(({ inFlight: count }) => count === 3);
    await drift(user, { calls: -1 });
    expect(await reconciliation.reconcile()).toBe(1);
    expect(await usage(user)).toMatchObject({ used: 1, reserved: 3, remaining: 1 });

    const rush = [chat(user), chat(user), chat(user)];
    await harness.emulator.until(({ inFlight: count }) => count === 4);
    harness.emulator.release();
    const statuses = (await Promise.all([...inFlight, ...rush])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 429, 429]);
    expect(await usage(user)).toMatchObject({ used: 5, reserved: 0 });
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 5, calls: 5 });
  });

  it('G3: calls that come and go, and resets, are no drift', async () => {
    const [busy, reset] = await Promise.all([harness.newUser(), harness.newUser()]);
    await chat(reset);
    await harness.admin.post('/admin/quotas/reset', { scope: 'user', id: reset.id, reason: 'a gift' });
    await chat(reset);
    let toMake = 150;
    const traffic = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (toMake-- > 0) await chat(busy);
      }),
    );
    let mended = 0;
    const compare = async () => {
      mended += await reconciliation.reconcile();
      return toMake <= 0;
    };
    await until('all calls are made', compare, 60_000);
    await traffic;
    mended += await reconciliation.reconcile();
    expect(mended).toBe(0);
    const { rows } = await ledger.ledger(busy.id);
    expect(rows).toBe(150);
    expect(await usage(busy)).toMatchObject({ used: 150, reserved: 0 });
  }, 90_000);
});
