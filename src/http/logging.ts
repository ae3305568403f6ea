import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';
import { type FastifyInstance } from 'fastify';

import { currentCallContext } from '../rate-limiting/index.js';

/** What never reaches the log, wherever it stands in what is logged. */
const SECRETS = [
  'authorization',
  'apiKey',
  'key',
  'password',
  'accessToken',
  'prompt',
  'messages',
  'headers.authorization',
  'headers.cookie',
  'headers["x-api-key"]',
].flatMap((path) => [path, `*.${path}`, `*.*.${path}`]);

/** Structured logs, one JSON line an event, each with the id of the request it belongs to. */
export function newLog(level: string, destination?: { write(line: string): void }): Pino {
  const options = {
    level,
    base: null,
    redact: { paths: SECRETS, censor: '[secret]' },
    mixin: () => {
      const call = currentCallContext();
      return call?.requestId === undefined ? {} : { requestId: call.requestId };
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** The log in Nest's terms. */
export function nestLogger(log: Pino): LoggerService {
  const params = { pinoHttp: { logger: log } };
  return new Logger(new PinoLogger(params), params);
}

/** One line a request: what, how it ended and how long it took; never a query, a body or a header. */
export function logRequests(fastify: FastifyInstance, log: Pino): void {
  if (!log.isLevelEnabled('info')) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
    done();
  });
}
