import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';

import { currentCallContext } from '../rate-limiting/index.js';
import { currentTraceId } from '../telemetry/index.js';

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

/** Structured logs, one JSON line an event, each with the ids of the request, call and trace it belongs to. */
export function newLog(level: string, destination?: { write(line: string): void }): Pino {
  const options = {
    level,
    base: null,
    redact: { paths: SECRETS, censor: '[secret]' },
    mixin: whereabouts,
  };
  return destination ? pino(options, destination) : pino(options);
}

/** The log in Nest's terms. */
export function nestLogger(log: Pino): LoggerService {
  const params = { pinoHttp: { logger: log } };
  return new Logger(new PinoLogger(params), params);
}

/** What leads from a line to everything else that is known of the same work. */
function whereabouts(): Record<string, string> {
  const call = currentCallContext();
  const traceId = currentTraceId();
  return {
    ...(call?.requestId !== undefined && { requestId: call.requestId }),
    ...(call?.reservation && { usageId: call.reservation.id }),
    ...(traceId !== undefined && { traceId }),
  };
}
