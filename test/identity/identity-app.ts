import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';

import { AdminModule } from '../../src/admin/admin.module.js';
import { ConfigModule, readSettings } from '../../src/config/index.js';
import { DatabaseModule } from '../../src/database/index.js';
import { CodedError } from '../../src/errors.js';
import { RequestValidation } from '../../src/http/index.js';
import { AccessGuard, IdentifyGuard, IdentityModule } from '../../src/identity/index.js';
import { limitingOptions } from '../../src/limiting-options.js';
import { type Clock, FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { RateLimitingModule } from '../../src/rate-limiting/index.js';
import { PATIENT } from '../support/postgres.js';

const STATUS: Partial<Record<CodedError['code'], number>> = {
  validation_failed: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  rate_limit_exceeded: 429,
  store_unavailable: 503,
};

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asked {
  /** An API key or an access token. */
  readonly as?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** The identity and admin modules of one instance, on a real database, asked over HTTP. */
export interface IdentityApp {
  readonly clock: FrozenClock;
  readonly sql: DataSource;
  /** `ask('GET /me', { as: key })` */
  ask(request: string, asked?: Asked): Promise<Answer>;
  get<T>(token: abstract new (...args: never[]) => T): T;
  close(): Promise<void>;
}

/** An admin's key of every app that is started here. */
export const ADMIN = 'a-key-that-was-chosen-by-hand';

export interface StartInput {
  readonly databaseUrl: string;
  readonly env?: Record<string, string>;
  readonly now?: string;
}

export async function startIdentityApp({ databaseUrl, env = {}, now }: StartInput): Promise<IdentityApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cuota-identity-'));
  const clock = new FrozenClock(Date.parse(now ?? '2026-11-21T12:00:00Z'));
  const app = await listening(clock, {
    DATABASE_URL: databaseUrl,
    ...PATIENT,
    DATA_DIR: dataDir,
    JWT_SECRET: 'the-same-secret-for-every-instance-of-a-test',
    BOOTSTRAP_ADMIN_KEY: ADMIN,
    ...env,
  });
  return {
    clock,
    sql: app.get(DataSource),
    get: (token) => app.get(token),
    ask: (request, asked) => ask(app, request, asked),
    close: async () => {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A member of an answer's body, which must be a string. */
export function textIn({ body }: Answer, ...path: string[]): string {
  let value = body;
  for (const name of path) {
    value =
      typeof value === 'object' && value !== null
        ? Object.getOwnPropertyDescriptor(value, name)?.value
        : undefined;
  }
  if (typeof value === 'string') return value;
  throw new Error(`The answer has no text at ${path.join('.')}: ${JSON.stringify(body)}`);
}

/** Matches a text. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Matches the `errors` of a 400 that name a field. */
export function faultsAt(path: string | undefined): unknown {
  return expect.arrayContaining([expect.objectContaining({ path })]);
}

async function ask(app: NestFastifyApplication, request: string, asked: Asked = {}): Promise<Answer> {
  const [method, url = '/'] = request.split(' ');
  const authorization = asked.as === undefined ? {} : { authorization: `Bearer ${asked.as}` };
  const response = await app.inject({
    method: methodOf(method),
    url,
    headers: { ...authorization, ...asked.headers },
    ...(asked.body ? { payload: asked.body } : {}),
  });
  const body: unknown = response.body === '' ? undefined : JSON.parse(response.body);
  return { status: response.statusCode, body };
}

function methodOf(text: string | undefined) {
  const method = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).find((known) => known === text);
  if (method) return method;
  throw new Error(`A request is a method and a path, not "${text ?? ''} …".`);
}

async function listening(clock: Clock, env: Record<string, string>): Promise<NestFastifyApplication> {
  const read = readSettings(env);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(read.settings),
      RateLimitingModule.forRoot(limitingOptions(read.settings), clock),
      DatabaseModule,
      IdentityModule,
      AdminModule,
    ],
    providers: [
      { provide: APP_GUARD, useExisting: IdentifyGuard },
      { provide: APP_GUARD, useExisting: AccessGuard },
      { provide: APP_FILTER, useClass: CodedErrorFilter },
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useLogger(['error']);
  app.useGlobalPipes(new RequestValidation(app));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

@Catch(CodedError)
class CodedErrorFilter implements ExceptionFilter<CodedError> {
  catch({ code, message, members }: CodedError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<{ code(status: number): { send(body: object): void } }>();
    const status = STATUS[code] ?? 500;
    reply.code(status).send({ ...members, status, code, detail: message });
  }
}
