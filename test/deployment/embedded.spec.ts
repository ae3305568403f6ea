import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';

/** The server as a newcomer starts it: nothing set, nothing installed. */
describe('the embedded default', () => {
  let dataDir: string;
  let running: AppProcess[];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-embedded-'));
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map((app) => app.stop()));
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<AppProcess> {
    const app = await startApp({ DATA_DIR: dataDir });
    running.push(app);
    return app;
  }

  const keyIn = (output: string) => /export CUOTA_KEY=(\S+)/.exec(output)?.[1] ?? 'no key was printed';
  const scripts = async (api: ApiClient) => {
    const { body } = await api.get('/me/usage');
    return body.limits.find(({ name }: { name: string }) => name === 'user.month.script_generation').used;
  };

  it('prints an admin key once, serves a script, and remembers it over a restart', async () => {
    const first = await start();
    const key = keyIn(first.output());
    const api = new ApiClient(first.url, key);
    const answer = await api.post('/generate/script', { topic: 'Why the sky is blue' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ provider: 'simulated', usage: { outputTokens: expect.any(Number) } });
    expect(await scripts(api)).toBe(1);
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect(second.output()).not.toContain('CUOTA_KEY');
    expect(await scripts(new ApiClient(second.url, key))).toBe(1);
  }, 60_000);

  it('G3: survives kill -9, and takes the orphaned Postgres over', async () => {
    const first = await start();
    const key = keyIn(first.output());
    await new ApiClient(first.url, key).post('/generate/script', { topic: 'x' });
    await first.stop('SIGKILL');
    const second = await start();
    const api = new ApiClient(second.url, key);
    expect(await scripts(api)).toBe(1);
    expect((await api.post('/generate/script', { topic: 'y' })).status).toBe(200);
  }, 60_000);

  it('a second server on the same folder stops with one clear line, and harms nothing', async () => {
    const first = await start();
    const refused = await startApp({ DATA_DIR: dataDir }).catch((error: unknown) => String(error));
    expect(refused).toMatch(/Cuota cannot start: .*(another|second|already)/i);
    expect((await new ApiClient(first.url).get('/health/ready')).status).toBe(200);
  }, 60_000);

  it('stops with one line for each setting that is wrong', async () => {
    const refused = await startApp({ DATA_DIR: dataDir, PORT: 'many', QUOTA_TIMEZONE: 'Mars/Olympus' }).catch(
      String,
    );
    expect(refused).toMatch(/ended with 1/);
    expect(refused).toMatch(/^\s*PORT: /m);
    expect(refused).toMatch(/^\s*QUOTA_TIMEZONE: /m);
  });
});
