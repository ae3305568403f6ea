import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { readPostmasterFile } from '../../src/database/embedded/postmaster-file.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { runCommand } from '../support/command-line.js';
import { until } from '../support/until.js';

/** Nothing set, nothing installed: the embedded PostgreSQL, with and without a server that runs on it. */
describe('the command line on the embedded default', () => {
  let dataDir: string;
  let server: AppProcess | undefined;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-cli-'));
    server = undefined;
  });

  afterEach(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const cli = (...args: string[]) => runCommand(args, { DATA_DIR: dataDir });
  const isRunning = () => readPostmasterFile(join(dataDir, 'postgres')) !== undefined;

  it('starts it for a command, stops it after the last one, and leaves making the first admin to the server', async () => {
    const first = await cli('plan', 'list', '--json');
    expect([first.stderr, first.code]).toEqual(['', 0]);
    expect(first.json().items).toHaveLength(3);
    expect(isRunning()).toBe(false);
    expect(existsSync(join(dataDir, 'jwt-secret'))).toBe(false);

    const three = await Promise.all([1, 2, 3].map(() => cli('plan', 'list', '--json')));
    expect(three.map(({ code, stderr }) => [code, stderr])).toEqual([...Array<unknown>(3).fill([0, ''])]);
    expect(isRunning()).toBe(false);

    server = await startApp({ DATA_DIR: dataDir });
    expect(server.output()).toContain('export CUOTA_KEY=');
  }, 180_000);

  it('works beside a running server, whose counters in memory hear of a reset within a second', async () => {
    server = await startApp({ DATA_DIR: dataDir });
    const admin = new ApiClient(server.url, /export CUOTA_KEY=(\S+)/.exec(server.output())?.[1]);
    const user = (await cli('user', 'create', '--email', 'ana@example.com', '--json')).json();
    const { key } = (await cli('key', 'create', '--user', user.id, '--name', 'web', '--json')).json();
    await admin.put(`/admin/limits/users/${user.id}`, { monthlyCallLimit: 1 });
    const api = new ApiClient(server.url, key);
    const script = async () => (await api.post('/generate/script', { topic: 'rain' })).status;
    expect([await script(), await script()]).toEqual([200, 429]);
    const reset = await cli('quota', 'reset', '--user', 'ana@example.com', '--reason', 'two words');
    expect([reset.stderr, reset.code]).toEqual(['', 0]);
    await until('the server lets it through', async () => (await script()) === 200, 1_000);
    expect(isRunning()).toBe(true);
    expect((await admin.get('/health/ready')).status).toBe(200);
  }, 180_000);

  it('npm run cli passes arguments, output and exit code through', async () => {
    const run = promisify(execFile);
    const env = { ...process.env, DATA_DIR: dataDir };
    const cwd = join(__dirname, '..', '..');
    const { stdout } = await run('npm', ['run', '--silent', 'cli', '--', 'plan', 'list', '--json'], {
      cwd,
      env,
    });
    expect(JSON.parse(stdout)).toMatchObject({ items: expect.any(Array) });
    await expect(run('npm', ['run', '--silent', 'cli', '--', 'plan'], { cwd, env })).rejects.toMatchObject({
      code: 2,
    });
  }, 120_000);
});
