import { type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import { type ProcessRole, type Settings } from './config/index.js';
import {
  carryCallContext,
  nestLogger,
  newLog,
  readForms,
  readJsonOnly,
  recordAnswers,
  refuseWrongMethods,
  requestIdOf,
  RequestValidation,
  sendRouterError,
  serveOpenApi,
  tellCalls,
  tellOfWorkerOnly,
  watchRequests,
} from './http/index.js';
import { startTracing } from './observability/index.js';
import { type Clock, SystemClock } from './rate-limiting/domain/clock.js';

/** Room for pictures inside a chat's messages; a larger body is a 413. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A workflow within its workspace, each with an id of 128 characters and the one's escaped. */
const MAX_PARAM_LENGTH = 600;

const ANSWER_HEADERS = [
  'X-Request-Id',
  'X-Usage-Id',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  ...['requests', 'tokens'].flatMap((what) =>
    ['limit', 'remaining', 'reset'].map((field) => `x-ratelimit-${field}-${what}`),
  ),
  'RateLimit',
  'RateLimit-Policy',
  'X-Quota-Limit',
  'X-Quota-Remaining',
  'X-Quota-Reset',
  'X-Quota-Exceeded',
  'X-Cuota-Provider',
  'Idempotent-Replayed',
  'Retry-After',
  'X-Should-Retry',
  'Location',
  'Content-Range',
  'Content-Disposition',
];

/** All that our endpoints take: unless said, a browser's page may not delete, nor change, anything. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What a process is, and what a test may replace of the application, or add to it. */
export interface AppParts {
  /** A server unless said. */
  readonly role?: ProcessRole;
  readonly clock?: Clock;
  readonly log?: { write(line: string): void };
  /** Modules beside ours, behind the same guards. */
  readonly modules?: readonly Type[];
}

/** The whole application, ready to listen: the server and the tests start the same one. */
export async function createApp(settings: Settings, parts: AppParts = {}): Promise<NestFastifyApplication> {
  startTracing(settings.telemetry);
  const log = newLog(settings.http.logLevel, parts.log);
  const adapter = new FastifyAdapter({
    trustProxy: settings.http.trustProxy,
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestIdOf,
    forceCloseConnections: 'idle',
    // Nothing here is a middleware of Express' kind: hooks and guards do it all.
    skipMiddie: true,
    frameworkErrors: sendRouterError,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: true },
  });
  const fastify = adapter.getInstance();
  const clock = parts.clock ?? new SystemClock();
  carryCallContext(fastify);
  watchRequests(fastify, log);
  if (parts.role === 'worker') tellOfWorkerOnly(fastify);
  refuseWrongMethods(fastify);
  tellCalls(fastify, clock);
  recordAnswers(fastify);
  readJsonOnly(fastify);
  readForms(fastify);
  const ours = AppModule.with(settings, clock, parts.role);
  const module: DynamicModule = { ...ours, imports: [...(ours.imports ?? []), ...(parts.modules ?? [])] };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(log),
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalPipes(new RequestValidation(app));
  const { corsOrigins } = settings.http;
  const origin = corsOrigins.includes('*') ? true : [...corsOrigins];
  if (corsOrigins.length > 0) app.enableCors({ origin, methods: METHODS, exposedHeaders: ANSWER_HEADERS });
  serveOpenApi(app);
  await app.init();
  return app;
}
