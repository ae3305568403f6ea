import { ProviderPermits } from '../../src/providers/index.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'chat', messages: [{ role: 'user', content: 'Tell me about the sea.' }] };
const RATE = 5;

describeWithRedis('routing in two processes on one Redis', () => {
  let harness: Harness;
  let processes: AppProcess[];
  let alpha: Emulator;
  let beta: Emulator;
  let user: TestUser;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([startEmulator(), startEmulator()]);
    harness = await newHarness({
      redis: true,
      env: {
        PROVIDER_ORDER: 'alpha,beta',
        PROVIDER_COOLDOWN_SEC: '1',
        ROUTING_PERMIT_WAIT_MS: '0',
        ...providerAt('alpha', alpha, { models: 'chat=gpt-4o-mini', more: { RATE_PER_SEC: String(RATE) } }),
        ...providerAt('beta', beta, { models: 'chat=gpt-4o' }),
      },
    });
    processes = await Promise.all([startApp(harness.environment()), startApp(harness.environment())]);
    user = await harness.newUser();
  }, 60_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await harness.stop();
    await Promise.all([alpha.stop(), beta.stop()]);
  });

  beforeEach(() => {
    alpha.reset();
    beta.reset();
  });

  const clients = () => processes.map(({ url }) => new ApiClient(url, user.key));
  const over = (count: number) => Array.from({ length: count }, (_, at) => chatAt(at % 2));

  /** As a client that obeys Retry-After: on a busy machine a database may be late, and then no provider was asked. */
  async function chatAt(process: number) {
    for (;;) {
      const answer = await clients()[process]?.post('/v1/chat/completions', CHAT);
      if (answer?.body.error?.code !== 'store_unavailable') return answer;
    }
  }

  async function state(): Promise<string> {
    const { body } = await harness.admin.get('/admin/providers');
    return body.items[0].state;
  }

  async function full(): Promise<void> {
    const permits = harness.app.get(ProviderPermits);
    await until('the bucket is full', async () => (await permits.status('alpha')).availablePermits === RATE);
  }

  it('both together send a provider no more than its rate', async () => {
    await full();
    const startedAt = performance.now();
    const answers = [];
    for (let wave = 0; wave < 10; wave++) answers.push(...(await Promise.all(over(4))));
    const seconds = (performance.now() - startedAt) / 1000;
    const failed = answers.filter((answer) => answer?.status !== 200);
    expect(failed.map((answer) => answer?.body)).toEqual([]);
    expect(alpha.requests.length).toBeGreaterThanOrEqual(RATE);
    expect(alpha.requests.length).toBeLessThanOrEqual(RATE + Math.ceil(RATE * seconds));
    expect(beta.requests.length).toBe(40 - alpha.requests.length);
  });

  it('a provider that failed one of them rests for both, and one call of both tries it again', async () => {
    await full();
    alpha.next({ status: 500 });
    expect((await chatAt(0))?.headers.get('x-cuota-provider')).toBe('beta');
    await until('the other knows', async () => (await chatAt(1))?.headers.get('x-cuota-provider') === 'beta');
    await until('its rest is over', async () => (await state()) === 'half_open');
    await full();

    const before = { alpha: alpha.requests.length, beta: beta.completed };
    alpha.hold();
    const calls = over(10);
    await until('nine are answered elsewhere', () => beta.completed === before.beta + 9);
    expect(alpha.requests.length - before.alpha).toBe(1);
    alpha.release();
    const answered = (await Promise.all(calls)).map((answer) => answer?.headers.get('x-cuota-provider'));
    expect(answered.filter((name) => name === 'alpha')).toHaveLength(1);
    await until('it is well', async () => (await state()) === 'available');
  });

  it('G9: while Redis is away, where the permits are counted, the providers cannot be shown', async () => {
    await full();
    harness.redis?.pause();
    const answer = await harness.admin.get('/admin/providers');
    harness.redis?.resume();
    expect([answer.status, answer.body.code]).toEqual([503, 'store_unavailable']);
  });
});
