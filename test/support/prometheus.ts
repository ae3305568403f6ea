import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './free-port.js';
import { until } from './until.js';
import { watchOver } from './undertaker.js';

const PROMETHEUS = join(__dirname, '..', '..', 'deploy', 'prometheus');

/** A real Prometheus on the configuration of `deploy/`. */
export interface TestPrometheus {
  /** What its HTTP API says under `/api/v1/…`. */
  ask(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts Debian's `prometheus` on a folder of its own. Its configuration is the one that is shipped, but for what a test
 * cannot have: the name of a service to look up, the place of a secret, and the patience of fifteen seconds.
 */
export async function startPrometheus(scraped: { url: string; token: string }): Promise<TestPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'cuota-prometheus-'));
  const [port, token] = [await freePort(), join(folder, 'token')];
  writeFileSync(token, scraped.token);
  writeFileSync(join(folder, 'prometheus.yml'), configOf(new URL(scraped.url).host, token));
  copyFileSync(join(PROMETHEUS, 'alerts.yml'), join(folder, 'alerts.yml'));
  const files = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
  ];
  const server = spawn('prometheus', [...files, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const failed = once(server, 'error').then(
    ([error]) => (said += `apt-get install prometheus: ${String(error)}`),
  );
  const undertaker = server.pid === undefined ? undefined : watchOver(server.pid, folder);
  const base = `http://127.0.0.1:${port}`;
  const ready = () =>
    fetch(`${base}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('Prometheus is ready', ready, 30_000).catch((error: unknown) => {
    throw new Error(`Prometheus did not start: ${said}`, { cause: error });
  });
  failed.catch(() => undefined);
  return {
    ask: async (path) => (await fetch(`${base}/api/v1/${path}`)).json(),
    stop: async () => {
      await undertaker?.dismiss();
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configOf(host: string, token: string): string {
  const shipped = readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8');
  const config = shipped
    .replaceAll('15s', '1s')
    .replaceAll('/run/secrets/metrics_token', token)
    .replaceAll(/dns_sd_configs:\n\s+- \{ names: \[(\w+)\].*\}/g, (_, name: string) =>
      name === 'cuota' ? `static_configs:\n      - { targets: ['${host}'] }` : 'static_configs: []',
    );
  if (!config.includes(host))
    throw new Error('The shipped configuration no longer looks up its targets by name.');
  return config;
}
