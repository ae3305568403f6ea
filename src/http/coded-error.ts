import { HttpException } from '@nestjs/common';

import { isDatabaseAway } from '../database/index.js';
import { CodedError, type ErrorCode } from '../errors.js';

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'validation_failed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limit_exceeded',
};

/** Whatever was thrown, in our terms. What the framework throws of its own is told by its status. */
export function codedErrorOf(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  if (isDatabaseAway(thrown)) return databaseAway(thrown);
  const status = statusOf(thrown);
  const code = status === undefined ? undefined : CODE_OF_STATUS[status];
  if (code === undefined) {
    const detail = 'The fault is ours and is in the log under this request id.';
    return new CodedError('internal_error', detail, {}, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'validation_failed') {
    return new CodedError(code, message, { errors: [{ path: 'body', message }] }, { cause: thrown });
  }
  return new CodedError(code, message, {}, { cause: thrown });
}

function databaseAway(cause: unknown): CodedError {
  return new CodedError(
    'store_unavailable',
    'The database cannot be reached right now. Nothing was changed. Try again in a few seconds.',
    { retryAfterMs: 2_000 },
    { cause },
  );
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  // Fastify's own errors (a body that is no JSON, or too large) carry a statusCode.
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number')
    return thrown.statusCode;
  return undefined;
}
