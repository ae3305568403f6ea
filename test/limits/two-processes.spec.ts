import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Harness, newHarness } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

describeWithRedis('two processes on one Redis and one Postgres', () => {
  let harness: Harness;
  let processes: AppProcess[];
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis: true });
    processes = await Promise.all([startApp(harness.environment()), startApp(harness.environment())]);
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await ledger.close();
    await harness.stop();
  });

  const clientsOf = (key: string) => processes.map(({ url }) => new ApiClient(url, key));

  it('G1: 400 parallel calls over both give exactly 50 answers to a limit of 50', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 50 });
    // A 503 says that a store kept a busy machine waiting for too long: nothing was spent, and the call is made again.
    const answered = async (client: ApiClient, at: number): Promise<number> => {
      const { status } = await client.post('/generate/script', { topic: `topic ${at}` });
      return status === 503 ? answered(client, at) : status;
    };
    const calls = clientsOf(user.key).flatMap((client) =>
      Array.from({ length: 200 }, (_, at) => answered(client, at)),
    );
    const statuses = (await Promise.all(calls)).sort();
    expect(statuses).toEqual([...Array<number>(50).fill(200), ...Array<number>(350).fill(429)]);

    const rows = await ledger.ledger(user.id);
    const { body } = await user.api.get('/me/usage');
    const used = (name: string) => body.limits.find((one: { name: string }) => one.name === name).used;
    expect(rows).toMatchObject({ rows: 50, calls: 50 });
    expect(await ledger.rollUp(user.id)).toMatchObject({ calls: 50, tokens: rows.tokens, cost: rows.cost });
    expect([used('user.month.calls'), used('user.month.tokens')]).toEqual([50, rows.tokens]);
  });

  it('G5: after FLUSHALL a user who had spent the quota is still denied, by both', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 3 });
    const clients = clientsOf(user.key);
    for (let call = 0; call < 3; call++)
      expect((await user.api.post('/generate/script', { topic: 'x' })).status).toBe(200);
    await harness.redis?.flushAll();
    const answers = await Promise.all(
      clients.map((client) => client.post('/generate/script', { topic: 'x' })),
    );
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
  });

  it('G8: a limit and a revoked key hold on the other process too, within a second', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    const [one] = clientsOf(user.key);
    await one?.post('/generate/script', { topic: 'x' });
    expect((await one?.post('/generate/script', { topic: 'x' }))?.status).toBe(429);

    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyCallLimit: 2 });
    await until(
      'it holds there too',
      async () => (await one?.post('/generate/script', { topic: 'x' }))?.status === 200,
      1_000,
    );

    expect((await user.api.delete(`/me/api-keys/${user.keyId}`)).status).toBe(204);
    await until('it holds there too', async () => (await one?.get('/me'))?.status === 401, 1_000);
  });

  it('reserves a chat call in one round trip to Redis', async () => {
    const user = await harness.newUser({
      monthlyTokenLimit: 1_000_000,
      monthlyCallLimit: 100,
      monthlyCostLimitUsd: '5',
    });
    const chat = () => user.api.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }] });
    await chat();
    const scripts = await scriptsDuring(harness.redis?.url ?? '', chat);
    expect(scripts.sort()).toEqual(['reserve', 'settle', 'take-permits']);
  });
});

const LUA = join(__dirname, '../../src/rate-limiting/counters/redis/lua');

/** The scripts of a call that clients send while `work` runs; upkeep in the background is none of it. */
async function scriptsDuring(url: string, work: () => Promise<unknown>): Promise<string[]> {
  const names = new Map(
    ['reserve', 'settle', 'release', 'load', 'read', 'take-permits'].map((name) => [
      createHash('sha1')
        .update(readFileSync(join(LUA, `${name}.lua`)))
        .digest('hex'),
      name,
    ]),
  );
  const redis = new Redis(url);
  const monitor = await redis.monitor();
  const seen: string[] = [];
  const mark = `mark-${Math.random()}`;
  const marked = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [command, argument = '']: string[]) => {
      if (command === 'echo' && argument === mark) resolve();
      const name = command?.startsWith('eval') ? names.get(argument) : undefined;
      if (name) seen.push(name);
    });
  });
  await work();
  await redis.echo(mark);
  await marked;
  monitor.disconnect();
  await redis.quit();
  return seen;
}
