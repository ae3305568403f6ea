import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { ADMIN_KEY, newUser, WIDE_OPEN } from '../support/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const EXAMPLES = join(__dirname, '..', '..', 'examples');

describe('the examples', () => {
  let postgres: TestPostgres;
  let server: AppProcess;
  let admin: ApiClient;

  beforeAll(async () => {
    postgres = await startPostgres();
    server = await startApp({
      DATABASE_URL: postgres.url,
      BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
      JWT_SECRET: 'a secret of the examples, long enough to sign with',
    });
    admin = new ApiClient(server.url, ADMIN_KEY);
    await admin.post('/admin/plans', WIDE_OPEN);
    // A call a second, and no two at once.
    await admin.post('/admin/plans', { id: 'slow', name: 'Slow', requestsPerMinute: 60, burst: 1 });
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await postgres.stop();
  }, 60_000);

  /** What an example said, and how it ended. */
  const run = (file: string, key: string, args: readonly string[] = []) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const { PATH = '', HOME = '/tmp' } = process.env;
      const env = { PATH, HOME, CUOTA_URL: server.url, CUOTA_KEY: key };
      const child = execFile(
        process.execPath,
        [join(EXAMPLES, file), ...args],
        { env, timeout: 60_000 },
        (_error, stdout, stderr) => {
          resolve({ code: child.exitCode ?? -1, stdout, stderr });
        },
      );
    });

  it("openai-client: OpenAI's own client is answered, streamed to, and denied", async () => {
    const { key } = await newUser(admin, { monthlyCallLimit: 2, monthlyTokenLimit: 100_000 });
    const { code, stdout, stderr } = await run('openai-client.mjs', key);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/requests left: \d+\ntokens left: \d+\nrow in the ledger: [0-9a-f-]{36}\n./);
    expect(stdout).toContain('insufficient_quota: ');
    expect(stdout).toContain('user.month.calls: 2 calls of 2 calls used');
  }, 90_000);

  it('retry: comes back when it is told to', async () => {
    const { key } = await newUser(admin, undefined, 'slow');
    const { code, stdout } = await run('retry.mjs', key, ['rain', 'snow']);
    expect(code).toBe(0);
    expect(stdout.match(/^[0-9a-f-]{36}: /gm)).toHaveLength(2);
    expect(stdout).toMatch(/429 rate_limit_exceeded: trying again in \d+ s/);
  }, 90_000);

  it('retry: does not come back where waiting will not help', async () => {
    const { key } = await newUser(admin, { monthlyCallLimit: 1 });
    const { code, stdout, stderr } = await run('retry.mjs', key, ['rain', 'snow']);
    expect(code).toBe(1);
    expect(stdout).not.toContain('trying again');
    expect(stderr).toContain('429 quota_exceeded: user.month.calls');
  }, 90_000);
});
