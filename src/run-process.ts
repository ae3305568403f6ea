import { Logger } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';

import { type ProcessRole, readEnvironment, type Settings } from './config/index.js';
import { createApp } from './create-app.js';
import { countAlone } from './database/index.js';
import { stopTracing } from './observability/index.js';

/** What closing may take after the last call was answered or cut: rows to be committed, a webhook, the stores. */
const CLOSING_MS = 20_000;

/** A process that stays. */
export interface ProcessInput {
  readonly role: ProcessRole;
  /** What these settings lack for it: one line each. */
  readonly lacks?: (settings: Settings) => readonly string[];
  /** Sets it to work. @returns what it says of that. */
  readonly begin: (app: NestFastifyApplication, settings: Settings) => Promise<string>;
}

/** Starts the application, and closes it in good order when the process is asked to stop. */
export async function runProcess(input: ProcessInput): Promise<void> {
  const read = readEnvironment();
  const faults = 'faults' in read ? read.faults : (input.lacks?.(read.settings) ?? []);
  if ('faults' in read || faults.length > 0) {
    return stop(['Cuota cannot start:', ...faults.map((fault) => `  ${fault}`)]);
  }
  const { settings } = read;
  const app = await start(settings, input);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void drain(app, settings.http.shutdownGraceSec * 1000);
    });
  }
}

async function start(settings: Settings, { role, begin }: ProcessInput): Promise<NestFastifyApplication> {
  try {
    await mayCount(settings, role);
    const app = await createApp(settings, { role });
    process.stdout.write(`${await begin(app, settings)}\n`);
    return app;
  } catch (error) {
    return stop([`Cuota cannot start: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** Before anything is counted, so that a server that may not has told nobody that there is room. */
async function mayCount({ stores }: Settings, role: ProcessRole): Promise<void> {
  const { databaseUrl, redisUrl } = stores;
  if (role !== 'server' || databaseUrl === undefined || redisUrl !== undefined) return;
  await countAlone({ url: databaseUrl, log: new Logger('Postgres') });
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
