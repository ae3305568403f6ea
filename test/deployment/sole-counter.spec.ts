import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const REFUSED = /ended with 1[^]*Another Cuota server without REDIS_URL uses the database/;

/** Counters in memory are one process's: a second one beside it would give each caller everything twice. */
describe('G1: servers without Redis on one database', () => {
  let postgres: TestPostgres;
  let dataDir: string;
  let running: Set<AppProcess>;

  beforeAll(async () => {
    postgres = await startPostgres();
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-sole-'));
  }, 60_000);

  beforeEach(() => {
    running = new Set();
  });

  afterEach(() => Promise.all([...running].map((app) => app.stop())));

  afterAll(async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<AppProcess> {
    const app = await startApp({ DATABASE_URL: postgres.url, DATA_DIR: dataDir });
    running.add(app);
    return app;
  }

  async function isHeld(): Promise<boolean> {
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'cuota counts in memory'",
      );
      return rowCount === 1;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  it('are one: the second stops with one line that says what to do, and the first goes on', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(REFUSED);
    expect((await new ApiClient(first.url).get('/health/ready')).status).toBe(200);
  }, 60_000);

  it('follow each other, also where the one before was killed', async () => {
    const first = await start();
    await first.stop('SIGKILL');
    running.delete(first);
    const second = await start();
    expect((await new ApiClient(second.url).get('/health/ready')).status).toBe(200);
  }, 60_000);

  it('are one still when PostgreSQL was away', async () => {
    const first = await start();
    await postgres.kill9();
    await postgres.restart();
    await until('the first has its right again', isHeld);
    await expect(start()).rejects.toThrow(REFUSED);
    expect((await new ApiClient(first.url).get('/health/live')).status).toBe(200);
  }, 60_000);
});
