import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { ADMIN_KEY, type Harness, newHarness } from '../support/harness.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** 0.04 USD each. */
const IMAGE = { model: 'dall-e-3', prompt: 'the sea', size: '1024x1024', quality: 'standard', n: 1 };

describeWithRedis('the budgets of the system over two processes', () => {
  let harness: Harness;
  let processes: AppProcess[];
  let clients: ApiClient[];
  let admins: ApiClient[];

  beforeAll(async () => {
    harness = await newHarness({
      redis: true,
      upstream: true,
      env: { CIRCUIT_BREAKER_USD: '0.4', HOURLY_BUDGET_USD: '0' },
    });
    const { key } = await harness.newUser();
    processes = await Promise.all([startApp(harness.environment()), startApp(harness.environment())]);
    clients = processes.map(({ url }) => new ApiClient(url, key));
    admins = processes.map(({ url }) => new ApiClient(url, ADMIN_KEY));
  }, 60_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await harness.stop();
  });

  const image = async (client: ApiClient | undefined): Promise<number> => {
    const answer = await client?.post('/v1/images/generations', IMAGE);
    // A 503 of a store that kept a busy machine waiting: nothing was spent, and the call is made again.
    if (answer?.body.error?.code === 'store_unavailable') return image(client);
    return answer?.status ?? 0;
  };
  const looks = () =>
    Promise.all(admins.map(async (admin) => (await admin.get('/admin/circuit-breaker')).body));

  it('G1: ten images are served of forty at once, and the breaker opens once, for both', async () => {
    const first = await Promise.all(Array.from({ length: 40 }, (_, at) => image(clients[at % 2])));
    expect(first.filter((status) => status === 200)).toHaveLength(10);
    expect(await Promise.all(clients.map(image))).toEqual([503, 503]);
    const [one, other] = await looks();
    expect(one).toMatchObject({ state: 'open', usedUsd: '0.4', reservedUsd: '0' });
    expect(other).toEqual(one);
    const opened = processes.map(({ output }) => output().split('The circuit breaker has opened').length - 1);
    expect(opened.reduce((sum, count) => sum + count)).toBe(1);
  });

  it('G5: an emptied Redis neither closes it nor refills it', async () => {
    await harness.redis?.flushAll();
    expect(await Promise.all(clients.map(image))).toEqual([503, 503]);
    await until('the counters are there again', async () =>
      (await looks()).every(({ usedUsd }) => usedUsd === '0.4'),
    );
  });

  it('stays open, and as long, for a process that starts with a higher maximum; one without a maximum does not ask', async () => {
    const { key } = await harness.newUser();
    const { closesAt } = (await looks())[0];
    const started = async (env: Record<string, string>) => {
      const process = await startApp({ ...harness.environment(), ...env });
      try {
        const answer = await image(new ApiClient(process.url, key));
        const admin = new ApiClient(process.url, ADMIN_KEY);
        return [answer, (await admin.get('/admin/circuit-breaker')).body];
      } finally {
        await process.stop();
      }
    };
    expect(await started({ CIRCUIT_BREAKER_USD: '100', CIRCUIT_BREAKER_COOLDOWN_SEC: '1' })).toEqual([
      503,
      expect.objectContaining({ state: 'open', closesAt, limitUsd: '100' }),
    ]);
    const [answer, look] = await started({ CIRCUIT_BREAKER_USD: '0' });
    expect([answer, look.state]).toEqual([200, 'closed']);
    expect(await Promise.all(clients.map(image))).toEqual([503, 503]);
  }, 60_000);

  it('G8: is closed on both within a second, and stays open over a restart until then', async () => {
    await processes[1]?.stop('SIGKILL');
    const again = await startApp(harness.environment());
    processes[1] = again;
    const key = (await harness.newUser()).key;
    clients[1] = new ApiClient(again.url, key);
    admins[1] = new ApiClient(again.url, ADMIN_KEY);
    expect(await image(clients[1])).toBe(503);

    expect((await admins[0]?.post('/admin/circuit-breaker/reset', { reason: 'all is well' }))?.status).toBe(
      200,
    );
    await until('it is closed there too', async () => (await image(clients[1])) === 200, 1_000);
    expect(await image(clients[0])).toBe(200);
    const [one, other] = await looks();
    expect([one, other]).toEqual([
      expect.objectContaining({ state: 'closed', usedUsd: '0.08' }),
      expect.objectContaining({ state: 'closed', usedUsd: '0.08' }),
    ]);
  });
});
