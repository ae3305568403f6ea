import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startPostgres } from '../../test/support/postgres.js';
import { AppUnderLoad } from '../app-under-load.js';
import { type Figure, type Target } from '../figures.js';
import { type OpenRow, type Pace, type Row } from '../row.js';

const ROOT = join(__dirname, '..', '..');
const ADMIN_KEY = 'cuota_admin_key_of_the_bench';
const REPORT = '/admin/reports/usage?from=2026-11-01&to=2026-11-30&groupBy=user,operation';
/** The targets are for this many rows of 100,000 users. */
const ROWS_OF_TARGET = 10_000_000;
const ROWS_A_USER = 100;

const run = promisify(execFile);

/** A month's report by user and operation, as an admin asks for it over HTTP. */
export const reportRow: Row = {
  letter: 'g',
  title: "a month's report",
  onRequest: true,
  async open({ usageRows }: Pace): Promise<OpenRow> {
    const postgres = await startPostgres();
    await fill(postgres.url, usageRows);
    const dataDir = mkdtempSync(join(tmpdir(), 'cuota-bench-'));
    const app = await AppUnderLoad.start('apps/whole.ts', {
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
      JWT_SECRET: 'a secret of the bench, long enough to sign with',
      LOG_LEVEL: 'error',
    });
    // The first download is what the process grows to; more of them must not make it grow.
    await download(`${app.url}${REPORT}&format=csv`);
    const grownMb = app.peakMegabytes();
    return {
      round: async () => [
        ...(await timesOf(app, usageRows)),
        {
          name: 'peak memory ÷ after the first csv',
          value: app.peakMegabytes() / grownMb,
          target: { atMost: 1.1 },
        },
      ],
      async close() {
        app.stop();
        await postgres.stop();
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  },
};

async function fill(databaseUrl: string, rows: number): Promise<void> {
  const users = Math.max(1, Math.round(rows / ROWS_A_USER));
  process.stderr.write(`filling a database with ${rows} rows of ${users} users\n`);
  const args = ['run', 'data:usage', '--', '--rows', String(rows), '--users', String(users)];
  await run('npm', [...args, '--month', '2026-11'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
}

async function timesOf(app: AppUnderLoad, usageRows: number): Promise<Figure[]> {
  const isTargets = usageRows >= ROWS_OF_TARGET;
  const within = (atMost: number): { target?: Target } => (isTargets ? { target: { atMost } } : {});
  const page = await download(`${app.url}${REPORT}`);
  const csv = await download(`${app.url}${REPORT}&format=csv`);
  return [
    { name: `first page of ${usageRows} rows, ms`, value: page.ms, ...within(200) },
    { name: `csv of ${usageRows} rows, ms`, value: csv.ms, ...within(2_000) },
    { name: 'csv, MB', value: csv.bytes / 1e6 },
  ];
}

async function download(url: string): Promise<{ ms: number; bytes: number }> {
  const start = performance.now();
  const answer = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  if (!answer.ok || !answer.body) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  let bytes = 0;
  for await (const piece of answer.body) bytes += Buffer.from(piece).byteLength;
  return { ms: performance.now() - start, bytes };
}
