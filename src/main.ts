import 'reflect-metadata';

import { type NestFastifyApplication } from '@nestjs/platform-fastify';

import { readEnvironment, type Settings } from './config/index.js';
import { createApp } from './create-app.js';

/** How long calls in flight may still run when the process is asked to stop. */
const DRAIN_MS = 30_000;

async function main(): Promise<void> {
  const read = readEnvironment();
  if ('faults' in read) stop(['Cuota cannot start:', ...read.faults.map((fault) => `  ${fault}`)]);
  const app = await start(read.settings);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void drain(app);
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

/** No new calls; those in flight end, and are settled, before the stores close. */
async function drain(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const impatience = setTimeout(() => {
    server.closeAllConnections();
  }, DRAIN_MS);
  await app.close();
  clearTimeout(impatience);
  process.exit(0);
}

function stop(lines: readonly string[]): never {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}

void main();
