import { Client } from 'pg';

import { type CommandDone, runCommand } from '../support/command-line.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { describeWithRedis, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };

describeWithRedis('the command line with Redis', () => {
  let harness: Harness;
  let sql: Client;

  beforeAll(async () => {
    harness = await newHarness({
      redis: true,
      upstream: true,
      env: { PROVIDER_UPSTREAM_RATE_PER_SEC: '1000' },
    });
    sql = new Client({ connectionString: harness.databaseUrl });
    await sql.connect();
  }, 60_000);

  afterAll(async () => {
    await sql.end();
    await harness.stop();
  });

  beforeEach(() => {
    harness.emulator.reset();
  });

  const cli = (args: string, env: Record<string, string> = {}): Promise<CommandDone> =>
    runCommand([...args.split(' '), '--json'], { ...harness.environment(), ...env });
  const chat = (user: TestUser) => user.api.post('/v1/chat/completions', CHAT);
  const calls = (shown: { limits: { name: string }[] }) =>
    shown.limits.find(({ name }) => name === 'user.month.calls');
  const everEntered = async () => {
    const { rows } = await sql.query<{ ids: string[] }>(
      'SELECT array_agg(id ORDER BY id) AS ids FROM instance_roster',
    );
    return rows[0]?.ids;
  };

  it('shows what calls in flight hold, and joins no roster: no server ever waits for a command', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    const before = await everEntered();
    harness.emulator.hold();
    const inFlight = chat(user);
    await harness.emulator.until(({ inFlight: held }) => held === 1);
    const shown = (await cli(`quota show --user ${user.id}`)).json();
    expect([shown.source, calls(shown)]).toMatchObject(['redis', { used: 0, reserved: 1, remaining: 4 }]);
    expect((await cli('ratelimit status')).json()).toMatchObject({
      counters: 'redis',
      instances: 1,
      reservations: { live: 1, overdue: 0 },
      providers: [
        { name: 'upstream', state: 'available', ratePerSec: 1_000, availablePermits: expect.any(Number) },
      ],
    });
    const gauges = { reservations_live: 1, reservations_overdue: 0, instances: 1 };
    expect((await cli('ratelimit metrics')).json()).toMatchObject({ gauges });
    expect(await everEntered()).toEqual(before);
    harness.emulator.release();
    expect((await inFlight).status).toBe(200);
  }, 120_000);

  it('a reset holds on the running server when the command ends', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    expect([(await chat(user)).status, (await chat(user)).status]).toEqual([200, 429]);
    const done = await cli(`quota reset --user ${user.id} --reason test`);
    expect([done.code, done.json().calls]).toEqual([0, 1]);
    expect([(await chat(user)).status, (await chat(user)).status]).toEqual([200, 429]);
  }, 60_000);

  it('reads the ledger where no server counts in the Redis, and leaves that as it found it', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    await chat(user);
    const empty = await startRedis();
    const shown = (await cli(`quota show --user ${user.id}`, { REDIS_URL: empty.url })).json();
    expect([shown.source, calls(shown)]).toMatchObject(['ledger', { used: 1, reserved: null, remaining: 4 }]);
    await empty.stop();
  }, 60_000);

  it('fails where a reset cannot be told to Redis, says what to do, and doing it is enough', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    await chat(user);
    const failed = await cli(`quota reset --user ${user.id} --reason test`, {
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect([failed.code, failed.json().error.code]).toEqual([1, 'store_unavailable']);
    expect(failed.stderr).toMatch(
      /^error: The reset is in the database, but Redis cannot be reached.*Run the same command again/m,
    );
    expect((await chat(user)).status).toBe(429);
    expect((await cli(`quota reset --user ${user.id} --reason again`)).code).toBe(0);
    await until('it is let through', async () => (await chat(user)).status === 200, 1_000);
  }, 60_000);
});
