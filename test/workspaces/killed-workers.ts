import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp, startWorker, type WorkerProcess } from '../support/app-process.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { ADMIN_KEY, newUser, type TestUser, upstreamOf, WIDE_OPEN } from '../support/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

import { newWorkspace } from './workspace-app.js';

const LEASE_SEC = 1;

/** A server that runs no workers, and two processes that do nothing else. */
export interface WorkerDeployment {
  readonly server: AppProcess;
  readonly emulator: Emulator;
  readonly postgres: TestPostgres;
  readonly workers: readonly WorkerProcess[];
  readonly user: TestUser;
  /** One in the place of another. */
  start(at: number): Promise<void>;
  kill(at: number): Promise<void>;
  /** With keys of its own, where some are given. */
  newWorkspace(providers?: readonly object[]): Promise<string>;
  /** The ledger's rows of the user's messages. */
  rows(): Promise<{ readonly id: string; readonly message: string; readonly status: string }[]>;
  stop(): Promise<void>;
}

/** Starts one, on RabbitMQ where an address is given. */
export async function startWorkerDeployment(rabbitUrl?: string): Promise<WorkerDeployment> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cuota-workers-'));
  const [postgres, redis, emulator] = await Promise.all([startPostgres(), startRedis(), startEmulator()]);
  const env = environmentOf({ dataDir, postgres, redis, emulator, rabbitUrl });
  const server = await startApp({ ...env, WORKERS_IN_SERVER: 'false' });
  const admin = new ApiClient(server.url, ADMIN_KEY);
  await admin.post('/admin/plans', WIDE_OPEN);
  const user = await newUser(admin, { monthlyTokenLimit: 100_000_000 });
  const workers: WorkerProcess[] = [];
  const table = new Client({ connectionString: postgres.url });
  await table.connect();
  workers.push(...(await Promise.all([startWorker(env), startWorker(env)])));
  return {
    ...{ server, emulator, postgres, workers, user },
    async start(at) {
      workers[at] = await startWorker(env);
    },
    async kill(at) {
      await workers[at]?.stop('SIGKILL');
    },
    newWorkspace: (providers = []) => newWorkspace(user, { providers }),
    async rows() {
      const { rows } = await table.query<{ id: string; message: string; status: string }>(
        `SELECT id, metadata ->> 'messageId' AS message, status FROM token_usage WHERE user_id = $1`,
        [user.id],
      );
      return rows;
    },
    async stop() {
      await Promise.all([...workers, server].map((process) => process.stop('SIGKILL')));
      await table.end();
      await Promise.all([postgres.stop(), redis.stop(), emulator.stop()]);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Parts {
  readonly dataDir: string;
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly emulator: Emulator;
  readonly rabbitUrl: string | undefined;
}

function environmentOf({ dataDir, postgres, redis, emulator, rabbitUrl }: Parts): Record<string, string> {
  return {
    ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url, DATA_DIR: dataDir },
    ...{ BOOTSTRAP_ADMIN_KEY: ADMIN_KEY, JWT_SECRET: 'a secret of the tests, long enough to sign with' },
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ...{
      WORKER_LEASE_SEC: String(LEASE_SEC),
      WORKER_PORT: '0',
      MESSAGE_MAX_ATTEMPTS: '50',
      SHUTDOWN_GRACE_SEC: '1',
      RESERVATION_TTL_SEC: '3',
    },
    ...(rabbitUrl !== undefined && { RABBITMQ_URL: rabbitUrl }),
    ...upstreamOf(emulator),
  };
}

/**
 * Kills one process after the other and starts it again, each time that so many more rows are there: however fast the machine
 * is, there is work left to be lost. @returns how often, until all were.
 */
export async function killInTurn(
  deployment: WorkerDeployment,
  { every, of }: { readonly every: number; readonly of: number },
): Promise<number> {
  const before = (await deployment.rows()).length;
  const count = async () => (await deployment.rows()).length - before;
  let kills = 0;
  for (let next = every; next < of; next += every) {
    await until(`${next} rows are there`, async () => (await count()) >= next, 60_000);
    if ((await count()) >= of) break;
    await deployment.kill(kills % 2);
    await deployment.start(kills % 2);
    kills++;
  }
  return kills;
}

/** Clocks that count in whole milliseconds. */
const ROUNDING_MS = 2;

/** A bucket, and how many at most are between their permit and their arrival at a time: no more than there are workers. */
export interface AskedRate {
  readonly burst: number;
  readonly perSec: number;
  readonly workers: number;
}

/**
 * By how many requests those that came at these instants went past a bucket, at worst; 0 or less where they kept to it. What
 * comes in a span had its permit in it, or was under way when it began: however slow the machine is, these are no more than
 * there are workers.
 */
export function mostPast(cameAt: readonly number[], { burst, perSec, workers }: AskedRate): number {
  const past = cameAt.map((from, first) => {
    const since = cameAt
      .slice(first)
      .map((to, at) => at + 1 - workers - burst - (perSec * (to - from + ROUNDING_MS)) / 1000);
    return Math.max(...since);
  });
  return Math.max(...past);
}
