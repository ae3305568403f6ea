import { ProviderPermits } from '../../src/providers/index.js';
import { CounterStore } from '../../src/rate-limiting/index.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { freePort } from '../support/free-port.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

const MESSAGES = [{ role: 'user', content: 'Tell me about the sea.' }];
const WAIT_MS = 3_000;

/** Alpha takes 5 calls a second, beta any; nobody listens at gone. The clock stands: no permit flows in by itself. */
describe("the providers' own rates", () => {
  let harness: Harness;
  let alpha: Emulator;
  let beta: Emulator;
  let user: TestUser;
  let permits: ProviderPermits;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([startEmulator(), startEmulator()]);
    const nowhere = { url: `http://127.0.0.1:${await freePort()}` };
    harness = await newHarness({
      env: {
        PROVIDER_ORDER: 'gone,alpha,beta',
        ROUTING_PERMIT_WAIT_MS: String(WAIT_MS),
        ...providerAt('gone', nowhere, { models: 'lost=gpt-4o', more: { RATE_PER_SEC: '3' } }),
        ...providerAt('alpha', alpha, { models: 'chat=gpt-4o-mini', more: { RATE_PER_SEC: '5' } }),
        ...providerAt('beta', beta, { models: 'chat=gpt-4o,lost=gpt-4o-mini' }),
      },
    });
    user = await harness.newUser();
    permits = harness.app.get(ProviderPermits);
  });

  afterAll(async () => {
    await harness.stop();
    await Promise.all([alpha.stop(), beta.stop()]);
  });

  beforeEach(() => {
    alpha.reset();
    beta.reset();
    // Every bucket is full, nobody rests.
    harness.clock.advance(3_600_000);
  });

  const chat = (model = 'chat') => user.api.post('/v1/chat/completions', { model, messages: MESSAGES });
  const available = async (provider = 'alpha') => (await permits.status(provider)).availablePermits;

  it('a call takes one permit, and goes to the next provider where waiting would take too long', async () => {
    expect(await permits.status('alpha')).toEqual({
      availablePermits: 5,
      ratePerSec: 5,
      maxPermits: 5,
      enabled: true,
    });
    expect((await chat()).headers.get('x-cuota-provider')).toBe('alpha');
    expect(await available()).toBe(4);
    await owe(20);
    expect((await chat()).headers.get('x-cuota-provider')).toBe('beta');
    expect(alpha.requests).toHaveLength(1);
    const { body } = await harness.admin.get('/admin/providers');
    expect(body.items.find(({ name }: { name: string }) => name === 'alpha').permits.availablePermits).toBe(
      0,
    );
  });

  it('waits for its turn where that comes in time', async () => {
    await owe(7);
    const startedAt = performance.now();
    expect((await chat()).headers.get('x-cuota-provider')).toBe('alpha');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(590);
  });

  it('where nobody has permits in time it is a 503 that says when there are', async () => {
    await owe(5 + 15);
    const answer = await chat('alpha/chat');
    expect([answer.status, answer.body.error.code]).toEqual([503, 'providers_exhausted']);
    expect(answer.body.error.attempts).toEqual([{ provider: 'alpha', status: null, reason: 'no_permits' }]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(alpha.requests).toHaveLength(0);
  });

  it('serves those who wait in the order in which they asked, and refuses at once who would wait too long', async () => {
    await permits.acquire({ provider: 'alpha', permits: 5 });
    const [first, second] = await Promise.all([
      permits.acquire({ provider: 'alpha', timeoutMs: 500 }),
      permits.acquire({ provider: 'alpha', timeoutMs: 500 }),
    ]);
    expect([first, second]).toEqual([
      { kind: 'acquired', waitedMs: 200 },
      { kind: 'acquired', waitedMs: 400 },
    ]);
    expect(await permits.acquire({ provider: 'alpha', timeoutMs: 500 })).toEqual({
      kind: 'refused',
      retryAfterMs: 600,
    });
  });

  it('a client that hangs up while it waits gives its permit back', async () => {
    await permits.acquire({ provider: 'alpha', permits: 5 });
    const hangUp = new AbortController();
    const waiting = permits.acquire({
      provider: 'alpha',
      timeoutMs: 60_000,
      permits: 100,
      signal: hangUp.signal,
    });
    hangUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client_closed_request' });
    expect(await permits.acquire({ provider: 'alpha', timeoutMs: 200 })).toMatchObject({ kind: 'acquired' });

    harness.clock.advance(3_600_000);
    await owe(5 + 10);
    const call = new AbortController();
    const body = { model: 'alpha/chat', messages: MESSAGES };
    const open = user.api.open('/v1/chat/completions', body, { signal: call.signal });
    await until('it waits for its turn', async () => (await owe(0)) === 16);
    call.abort();
    await expect(open).rejects.toThrow();
    await until('its place is free', async () => (await owe(0)) === 15);
    expect(alpha.requests).toHaveLength(0);
    const usage = await user.api.get('/me/usage');
    expect(usage.body.limits.every(({ reserved }: { reserved: unknown }) => Number(reserved) === 0)).toBe(
      true,
    );
  });

  it('a call that never went out gives its permit back', async () => {
    expect((await chat('lost')).headers.get('x-cuota-provider')).toBe('beta');
    expect(await available('gone')).toBe(3);
  });

  it('puts back no more than a bucket holds, and says what cannot be asked of it', async () => {
    await permits.acquire({ provider: 'alpha', permits: 2 });
    await permits.release({ provider: 'alpha', permits: 1 });
    expect(await available()).toBe(4);
    await permits.release({ provider: 'alpha', permits: 50 });
    expect(await available()).toBe(5);
    await expect(permits.acquire({ provider: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(permits.acquire({ provider: 'alpha', permits: 0 })).rejects.toMatchObject({
      code: 'validation_failed',
    });
    expect(await permits.acquire({ provider: 'beta', permits: 1_000 })).toEqual({
      kind: 'acquired',
      waitedMs: 0,
    });
    expect(await permits.status('beta')).toMatchObject({ enabled: false, ratePerSec: null });
  });

  /** Takes permits out of alpha's bucket, and out of what is yet to come. @returns all that are out */
  async function owe(count: number): Promise<number> {
    const bucket = { bucket: 'provider:alpha', burst: 1_000, refillPerSec: 5 };
    const answer = await harness.app.get(CounterStore).takePermits({ ...bucket, permits: count });
    return answer.fullAfterMs / 200;
  }
});
