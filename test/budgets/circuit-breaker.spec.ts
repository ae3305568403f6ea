import {
  CircuitBreaker,
  newReservationId,
  RateLimitingService,
  userId,
} from '../../src/rate-limiting/index.js';
import { Reconciliation } from '../../src/rate-limiting/reconciliation.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

/** 0.04 USD each. */
const IMAGE = { model: 'dall-e-3', prompt: 'the sea', size: '1024x1024', quality: 'standard', n: 1 };
const COOLDOWN_SEC = 600;

describe('the circuit breaker', () => {
  let harness: Harness;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({
      upstream: true,
      env: {
        CIRCUIT_BREAKER_USD: '0.2',
        CIRCUIT_BREAKER_COOLDOWN_SEC: String(COOLDOWN_SEC),
        HOURLY_BUDGET_USD: '0',
      },
    });
    user = await harness.newUser();
  });

  afterAll(() => harness.stop());

  beforeEach(async () => {
    harness.emulator.reset();
    await close('a new test');
    harness.clock.advance(1_000);
  });

  const close = (reason: string) => harness.admin.post('/admin/circuit-breaker/reset', { reason });
  const look = async () => (await harness.admin.get('/admin/circuit-breaker')).body;
  const image = () => user.api.post('/v1/images/generations', IMAGE);
  const spend = async () => {
    for (let call = 0; call < 5; call++) expect((await image()).status).toBe(200);
  };

  it('opens when a call would carry what all spent past the maximum, and refuses every call', async () => {
    await spend();
    expect(await look()).toMatchObject({ state: 'closed', usedUsd: '0.2', limitUsd: '0.2', openedAt: null });
    const openedAtMs = harness.clock.now();
    const first = await image();
    expect([first.status, first.body.error.code]).toEqual([503, 'circuit_open']);
    expect(first.headers.get('retry-after')).toBe(String(COOLDOWN_SEC));

    harness.clock.advance(60_000);
    const script = await user.api.post('/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect([script.status, script.body.error.code]).toEqual([503, 'circuit_open']);
    expect(script.headers.get('retry-after')).toBe(String(COOLDOWN_SEC - 60));
    expect(await look()).toMatchObject({
      state: 'open',
      usedUsd: '0.2',
      openedAt: new Date(openedAtMs).toISOString(),
      closesAt: new Date(openedAtMs + COOLDOWN_SEC * 1_000).toISOString(),
    });
    const metrics = String((await harness.admin.get('/metrics')).body);
    expect(metrics).toMatch(/^circuit_breaker_open 1$/m);
    expect(metrics).toMatch(/^system_budget_used_usd\{limit="system\.breaker\.cost"\} 0\.2$/m);
  });

  it('tells who asked for it, once an opening', async () => {
    const told: number[] = [];
    const stop = harness.app.get(CircuitBreaker).onOpened(({ openedAtMs }) => told.push(openedAtMs));
    try {
      await spend();
      const answers = await Promise.all([image(), image(), image()]);
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
      await until('it is told', () => told.length > 0);
      expect(told).toEqual([harness.clock.now()]);
    } finally {
      stop();
    }
  });

  it('closes by itself when its cool-down has passed, and counts anew', async () => {
    await spend();
    expect((await image()).status).toBe(503);
    harness.clock.advance(COOLDOWN_SEC * 1_000 - 1);
    expect((await image()).status).toBe(503);
    harness.clock.advance(1);
    expect(await look()).toMatchObject({ state: 'closed', usedUsd: '0', closesAt: null });
    await spend();
    expect((await image()).status).toBe(503);
  });

  it('G15: is closed by an admin, who says why, and counts anew', async () => {
    await spend();
    expect((await image()).status).toBe(503);
    const reset = await close('the loop was found');
    expect([reset.status, reset.body]).toEqual([
      200,
      expect.objectContaining({ state: 'closed', usedUsd: '0', openedAt: null }),
    ]);
    harness.clock.advance(1_000);
    expect((await image()).status).toBe(200);
    expect(await look()).toMatchObject({ usedUsd: '0.04' });

    const { body } = await harness.admin.get('/admin/audit');
    expect(body.items[0]).toMatchObject({
      action: 'circuit_breaker.reset',
      reason: 'the loop was found',
      before: { state: 'open' },
      after: { state: 'closed' },
    });
  });

  it('is no user’s to close; an admin may do so without a word, and is in the audit log', async () => {
    const reset = { reason: 'let me in' };
    expect((await user.api.post('/admin/circuit-breaker/reset', reset)).status).toBe(403);
    const wrong = await harness.admin.post('/admin/circuit-breaker/reset', { reason: 7 });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([400, 'reason']);
    expect((await harness.admin.post('/admin/circuit-breaker/reset', undefined)).status).toBe(200);
    const { body } = await harness.admin.get('/admin/audit');
    expect(body.items[0]).toMatchObject({ action: 'circuit_breaker.reset', reason: null });
  });

  it('G1: 40 parallel calls never pass it, and what they only hold does not open it', async () => {
    harness.emulator.hold();
    const calls = Array.from({ length: 40 }, image);
    await harness.emulator.until(({ inFlight }) => inFlight === 5);
    const held = await image();
    expect([held.status, held.body.error.code]).toEqual([429, 'budget_exceeded']);
    expect(Number(held.headers.get('retry-after'))).toBe(5);
    harness.emulator.release();
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(await look()).toMatchObject({ usedUsd: '0.2', reservedUsd: '0' });
  });

  it('is not opened by a call that could not be paid out of the whole', async () => {
    const many = await user.api.post('/generate/image', {
      model: 'dall-e-3',
      prompt: 'the sea',
      size: '1024x1024',
      count: 6,
    });
    expect([many.status, many.body.code]).toEqual([429, 'budget_exceeded']);
    expect((await image()).status).toBe(200);
  });

  it('charges a call in flight to what it was reserved in', async () => {
    harness.emulator.hold();
    const call = image();
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await close('meanwhile');
    harness.clock.advance(1_000);
    harness.emulator.release();
    expect((await call).status).toBe(200);
    expect(await look()).toMatchObject({ usedUsd: '0', reservedUsd: '0' });
  });

  it('counts a call that an instance reserved before it had heard of the closing', async () => {
    const limiting = harness.app.get(RateLimitingService);
    const estimate = {
      inputTokens: 0,
      baseCostNanoUsd: 40_000_000,
      outputCostNanoUsd: 0,
      priced: true,
      count: 1,
      provider: 'upstream',
      model: 'dall-e-3',
    };
    const late = harness.clock.now() + 10_000;
    const outcome = await limiting.reserve({
      id: newReservationId(late),
      caller: { userId: userId(user.id) },
      operation: 'image_generation',
      estimate,
    });
    if (outcome.kind === 'denied') throw new Error('there is room');
    await close('meanwhile');
    harness.clock.moveTo(late + 1_000);
    expect((await image()).status).toBe(200);
    await limiting.settle(outcome.reservation.id, {
      provider: 'upstream',
      model: 'dall-e-3',
      inputTokens: 0,
      outputTokens: 0,
      costNanoUsd: 40_000_000,
      estimated: false,
    });
    expect(await look()).toMatchObject({ usedUsd: '0.08' });
    expect(await harness.app.get(Reconciliation).reconcile()).toBe(0);
  });
});
