import 'reflect-metadata';

import { type NestFastifyApplication } from '@nestjs/platform-fastify';

import { readEnvironment, type Settings } from './config/index.js';
import { createApp } from './create-app.js';
import { stopTracing } from './observability/index.js';

/** What closing may take after the last call was answered or cut: rows to be committed, a webhook, the stores. */
const CLOSING_MS = 20_000;

async function main(): Promise<void> {
  const read = readEnvironment();
  if ('faults' in read) stop(['Cuota cannot start:', ...read.faults.map((fault) => `  ${fault}`)]);
  const { settings } = read;
  const app = await start(settings);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void drain(app, settings.http.shutdownGraceSec * 1000);
    });
  }
}

async function start(settings: Settings): Promise<NestFastifyApplication> {
  try {
    const app = await createApp(settings);
    await app.listen(settings.http.port, settings.http.host);
    const url = await app.getUrl();
    process.stdout.write(`Cuota listens on ${url} — its API is at ${url}/docs\n`);
    return app;
  } catch (error) {
    return stop([`Cuota cannot start: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** No new calls; those in flight end, and are settled, before the stores close. A second signal ends it at once. */
async function drain(app: NestFastifyApplication, graceMs: number): Promise<void> {
  const server = app.getHttpServer();
  setTimeout(() => {
    server.closeAllConnections();
  }, graceMs).unref();
  setTimeout(() => {
    stop([
      'Cuota could not close its stores in time and ends; what was reserved is settled by another instance.',
    ]);
  }, graceMs + CLOSING_MS).unref();
  await app.close();
  await stopTracing();
  process.exit(0);
}

function stop(lines: readonly string[]): never {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}

void main();
