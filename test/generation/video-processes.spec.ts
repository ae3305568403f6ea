import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { ADMIN_KEY, newUser, type TestUser, WIDE_OPEN } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import { sora, videosOf } from './video-jobs.js';

const WISH = { prompt: 'The sea', durationSeconds: 4 };
const PATIENCE_MS = 60_000;

describeWithRedis('videos whose processes die', () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  let studio: Emulator;
  let ledger: LedgerReader;
  let dataDir: string;
  const running = new Set<AppProcess>();

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-videos-'));
    [postgres, redis, studio] = await Promise.all([startPostgres(), startRedis(), startEmulator()]);
    const setup = await start();
    await new ApiClient(setup.url, ADMIN_KEY).post('/admin/plans', WIDE_OPEN);
    await kill(setup);
    ledger = await LedgerReader.open(postgres.url);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([...running].map((process) => process.stop('SIGKILL')));
    await ledger.close();
    await Promise.all([postgres.stop(), redis.stop(), studio.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  beforeEach(() => {
    studio.reset();
  });

  /** A process of the deployment; reservations live for two seconds, unless somebody pushes them out. */
  async function start(more: Record<string, string> = { REDIS_URL: redis.url }): Promise<AppProcess> {
    const process = await startApp({
      ...{ DATABASE_URL: postgres.url, DATA_DIR: dataDir, BOOTSTRAP_ADMIN_KEY: ADMIN_KEY },
      JWT_SECRET: 'a secret of the tests, long enough to sign with',
      RESERVATION_TTL_SEC: '2',
      ...sora(studio),
      ...more,
    });
    running.add(process);
    return process;
  }

  async function kill(process: AppProcess): Promise<void> {
    await process.stop('SIGKILL');
    running.delete(process);
  }

  const userAt = ({ url }: AppProcess): Promise<TestUser> =>
    newUser(new ApiClient(url, ADMIN_KEY), { videoGenerationLimit: 1 });

  /** A video is asked for again where the busy machine kept the database from answering in time. */
  async function ask(api: ApiClient) {
    let answer = await api.post('/generate/video', WISH);
    await until('it is answered', async () => {
      if (answer.status === 503) answer = await api.post('/generate/video', WISH);
      return answer.status !== 503;
    });
    return answer;
  }

  const statusOf = async (api: ApiClient, id: string): Promise<string> =>
    (await api.get(`/generations/${id}`)).body.status;

  it('G3, G4, G5, G11: kill -9: another finishes it, once, and charges it once; meanwhile its quota is held, also in an emptied Redis', async () => {
    const first = await start();
    const user = await userAt(first);
    studio.always({ jobPolls: 1_000_000 });
    const { id } = (await ask(user.api)).body;
    await studio.until(({ requests }) => requests.length > 1);
    studio.hold();
    await studio.until(({ inFlight }) => inFlight > 0);
    await kill(first);
    studio.release();

    const second = await start();
    const api = new ApiClient(second.url, user.key);
    const held = async () => {
      expect(await videosOf(api)).toEqual({ used: 0, reserved: 1 });
    };
    await held();
    const asked = studio.requests.length;
    await redis.flushAll();
    await until('it is asked about again', () => studio.requests.length > asked + 1, PATIENCE_MS);
    await held();
    expect((await ask(api)).status).toBe(429);
    expect(await ledger.rows(user.id)).toEqual([]);

    studio.always({ jobPolls: 1 });
    await until('it is done', async () => (await statusOf(api, id)) === 'completed', PATIENCE_MS);
    expect(studio.jobs.all).toHaveLength(1);
    expect(await ledger.rows(user.id)).toEqual([
      expect.objectContaining({ id, status: 'settled', cost_nano_usd: '400000000', operation_count: 1 }),
    ]);
    await until('nothing is held', async () => (await videosOf(api)).reserved === 0);
    expect(await videosOf(api)).toEqual({ used: 1, reserved: 0 });
    await kill(second);
  }, 120_000);

  it('G3: two processes that look for the same jobs make each once', async () => {
    const both = await Promise.all([start(), start()]);
    const users = await Promise.all(Array.from({ length: 6 }, (_, at) => userAt(both[at % 2] ?? both[0])));
    const jobs = await Promise.all(users.map(async (user) => ({ user, id: (await ask(user.api)).body.id })));
    for (const { user, id } of jobs) {
      await until(`${id} is done`, async () => (await statusOf(user.api, id)) === 'completed', PATIENCE_MS);
      expect((await ledger.rows(user.id)).map((row) => row.id)).toEqual([id]);
      expect(await videosOf(user.api)).toEqual({ used: 1, reserved: 0 });
    }
    expect(studio.jobs.all).toHaveLength(6);
    await Promise.all(both.map(kill));
  }, 120_000);

  it('G5: a single process that starts anew holds what its jobs hold, before the first call', async () => {
    const first = await start({});
    const user = await userAt(first);
    studio.always({ jobPolls: 1_000_000 });
    const { id } = (await ask(user.api)).body;
    await until('it is made', async () => (await statusOf(user.api, id)) === 'processing');
    await kill(first);

    const second = await start({});
    const api = new ApiClient(second.url, user.key);
    expect((await ask(api)).status).toBe(429);
    const off = await api.delete(`/generations/${String(id)}`);
    expect([off.status, off.body.status]).toEqual([200, 'cancelled']);
    expect(await videosOf(api)).toEqual({ used: 0, reserved: 0 });
    expect(await ledger.rows(user.id)).toEqual([]);
    expect((await ask(api)).status).toBe(202);
    await kill(second);
  }, 120_000);
});
