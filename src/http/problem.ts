import { type CodedError, type ErrorCode } from '../errors.js';
import { isRecord } from '../json-object.js';

/** Which status a code has on the wire, and what a person calls it. */
export const PROBLEMS = {
  validation_failed: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'Who is calling is not known' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Not a method of this path' },
  conflict: { status: 409, title: 'In conflict with what is there' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is of a type that is not understood' },
  range_not_satisfiable: { status: 416, title: 'The part that was asked for is not there' },
  idempotency_mismatch: { status: 422, title: 'The same Idempotency-Key came with another body' },
  idempotency_in_progress: { status: 409, title: 'The first call with this Idempotency-Key still runs' },
  rate_limit_exceeded: { status: 429, title: 'Too many requests' },
  quota_exceeded: { status: 429, title: 'A quota is used up' },
  budget_exceeded: { status: 429, title: 'A budget is used up' },
  circuit_open: { status: 503, title: 'The circuit breaker is open' },
  store_unavailable: { status: 503, title: 'Limits cannot be checked right now' },
  provider_failed: { status: 502, title: 'The provider failed' },
  providers_exhausted: { status: 503, title: 'No provider could answer' },
  provider_timeout: { status: 504, title: 'The provider took too long' },
  client_closed_request: { status: 499, title: 'The client hung up' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<ErrorCode, { status: number; title: string }>;

/** An error as RFC 9457 writes it. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly [member: string]: unknown;
}

/** The body for our own endpoints: application/problem+json. */
export function problemBody(error: CodedError, instance: string): ProblemBody {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:cuota:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    instance,
    code: error.code,
    ...ownMembers(error),
  };
}

/** The body for `/v1`: OpenAI's shape, so that its clients raise their own errors. */
export function openAiErrorBody(error: CodedError): { error: Record<string, unknown> } {
  const code = error.code === 'quota_exceeded' ? 'insufficient_quota' : error.code;
  const { upstreamError, param, ...members } = publicMembers(error);
  return {
    error: {
      message: error.message,
      type: openAiType(error.code),
      param: param ?? firstPath(members.errors),
      code,
      ...members,
      ...(isRecord(upstreamError) ? upstreamError : {}),
    },
  };
}

/** Whole seconds to wait, at least one, where the error knows. */
export function retryAfterSeconds(error: CodedError): number | undefined {
  const ms = error.members.retryAfterMs;
  return typeof ms === 'number' && Number.isFinite(ms) ? Math.max(1, Math.ceil(ms / 1000)) : undefined;
}

function publicMembers(error: CodedError): Record<string, unknown> {
  const { retryAfterMs: _toldInAHeader, ...members } = error.members;
  return members;
}

/** What only OpenAI's shape has a place for is told in `errors` here. */
function ownMembers(error: CodedError): Record<string, unknown> {
  const { upstreamError: _inErrors, param: _inErrorsToo, ...members } = publicMembers(error);
  return members;
}

function openAiType(code: ErrorCode): string {
  if (code === 'quota_exceeded' || code === 'budget_exceeded') return 'insufficient_quota';
  if (code === 'rate_limit_exceeded') return 'rate_limit_error';
  return PROBLEMS[code].status >= 500 ? 'server_error' : 'invalid_request_error';
}

function firstPath(errors: unknown): string | null {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return isRecord(first) && typeof first.path === 'string' ? first.path : null;
}
