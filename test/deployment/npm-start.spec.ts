import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

/** What npm left, where it left something: else the machine keeps a server that no test stops. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

/** npm puts a shell between itself and the server, and hands signals to the shell. */
describe('a server that npm started', () => {
  it('stops when npm is told to, and leaves nothing that holds its port and its data', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cuota-npm-'));
    const port = await freePort();
    const { PATH = '', HOME = '/tmp' } = process.env;
    const npm = spawn('npm', ['run', '--silent', 'start:prod'], {
      cwd: join(__dirname, '..', '..'),
      env: { PATH, HOME, PORT: String(port), HOST: '127.0.0.1', DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let output = '';
    npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/health/live`).then(
        ({ ok }) => ok,
        () => false,
      );
    const exited = once(npm, 'exit');
    try {
      await until('it listens', () => output.includes('listens on'), 30_000);
      npm.kill('SIGTERM');
      await exited;
      expect(await answers()).toBe(false);
    } finally {
      killGroup(npm.pid);
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});
