import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CanActivate, type ExecutionContext, Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';

import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings } from '../../src/config/settings.js';
import { COLUMN_TYPES } from '../../src/database/column-types.js';
import { migrate } from '../../src/database/migrate.js';
import { nestLogger, newLog } from '../../src/http/logging.js';
import { ProblemFilter } from '../../src/http/problem.filter.js';
import { RequestValidation } from '../../src/http/request-validation.js';
import { AccessGuard } from '../../src/identity/access/access.guard.js';
import { type CallerRequest } from '../../src/identity/access/caller-request.js';
import { type Principal } from '../../src/identity/principal.js';
import { AssetService, MediaModule, MediaUsage } from '../../src/media/index.js';
import { MediaUploads } from '../../src/media/media-uploads.js';
import { Clock, FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { userId } from '../../src/rate-limiting/domain/ids.js';

/** The moment at which the clock stands unless a test moves it. */
export const NOW = '2026-11-21T12:00:00Z';

/** What a request answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
  readonly body: Buffer;
  problem(): Problem;
  page(): AssetPage;
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly unknown[];
}

export interface AssetPage {
  readonly items: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
}

/** Media over HTTP, on a database and a folder of its own. */
export interface MediaApp {
  readonly clock: FrozenClock;
  readonly assets: AssetService;
  readonly uploads: MediaUploads;
  readonly usage: MediaUsage;
  /** Everything that was logged, of all apps: Nest's logger writes to the first log that it was given. */
  readonly log: string[];
  /** Where the files are. */
  readonly folder: string;
  /** As this user, or as nobody. */
  get(path: string, user?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  head(path: string, user?: string): Promise<Answer>;
  stop(): Promise<void>;
}

const LOG: string[] = [];
const LOGGER = nestLogger(newLog('info', { write: (line) => LOG.push(line) }));

type Env = Readonly<Record<string, string>>;

/** Takes the caller's name for granted: who is who is the business of identity and its tests. */
class NamedCallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const name = request.headers['x-test-user'];
    if (typeof name === 'string') request.principal = principalOf(name);
    return true;
  }
}

function principalOf(name: string): Principal {
  const plan = { id: 'free', name: 'Free', requestsPerMinute: null, burst: null, endpointRates: {} };
  return { userId: userId(name), role: 'user', email: `${name}@example.com`, name, plan };
}

export async function startMediaApp(databaseUrl: string, env: Env = {}): Promise<MediaApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cuota-media-'));
  const clock = new FrozenClock(Date.parse(NOW));
  await migrate(databaseUrl);
  const app = await newApp({ databaseUrl, dataDir: env.DATA_DIR ?? dataDir, clock, env });
  const inject = async (method: 'GET' | 'HEAD', url: string, user?: string, more = {}): Promise<Answer> => {
    const headers = user === undefined ? more : { 'x-test-user': user, ...more };
    const { statusCode, rawPayload, ...rest } = await app.inject({ method, url, headers });
    return {
      status: statusCode,
      headers: rest.headers,
      body: rawPayload,
      problem: () => JSON.parse(rawPayload.toString()) as Problem,
      page: () => JSON.parse(rawPayload.toString()) as AssetPage,
    };
  };
  return {
    clock,
    assets: app.get(AssetService),
    uploads: app.get(MediaUploads),
    usage: app.get(MediaUsage),
    log: LOG,
    folder: join(env.DATA_DIR ?? dataDir, 'media'),
    get: (path, user, headers) => inject('GET', path, user, headers),
    head: (path, user) => inject('HEAD', path, user),
    async stop() {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Parts {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly env: Env;
}

async function newApp({ databaseUrl, dataDir, clock, env }: Parts): Promise<NestFastifyApplication> {
  @Global()
  @Module({ providers: [{ provide: Clock, useValue: clock }], exports: [Clock] })
  class Time {}

  const database = TypeOrmModule.forRoot({
    type: 'postgres',
    url: databaseUrl,
    autoLoadEntities: true,
    retryAttempts: 0,
    extra: { types: COLUMN_TYPES },
  });
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(settingsOf({ DATA_DIR: dataDir, ...env })), Time, database, MediaModule],
    providers: [
      { provide: APP_GUARD, useClass: NamedCallerGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
    logger: LOGGER,
  });
  app.useGlobalPipes(new RequestValidation(app));
  app.useGlobalFilters(new ProblemFilter(clock));
  await app.init();
  return app;
}

function settingsOf(env: Env) {
  const read = readSettings(env);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  return read.settings;
}
