/**
 * What can go wrong in Cuota's terms. Services throw a CodedError or return a value; only the HTTP edge knows which
 * status a code has (`src/http/problem.ts`).
 */
export const ERROR_CODES = [
  'validation_failed',
  'unauthorized',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'payload_too_large',
  'unsupported_media_type',
  'range_not_satisfiable',
  'idempotency_mismatch',
  'idempotency_in_progress',
  'rate_limit_exceeded',
  'quota_exceeded',
  'budget_exceeded',
  'circuit_open',
  'store_unavailable',
  'provider_failed',
  'providers_exhausted',
  'provider_timeout',
  'client_closed_request',
  'internal_error',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One fault of an input: where it is and what is wrong with it. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** An error for the one who reads it: `message` says what was wrong, where, and what to do. */
export class CodedError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Further members of the answer, such as `errors`, `limits` or `attempts`. Never a secret. */
    readonly members: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CodedError';
  }
}

/** Bad input, every fault listed. */
export function validationFailed(errors: readonly Fault[]): CodedError {
  const first = errors[0];
  const summary = first ? `${first.path}: ${first.message}` : 'The request is not valid.';
  return new CodedError(
    'validation_failed',
    errors.length > 1 ? `${summary} (and ${errors.length - 1} more)` : summary,
    {
      errors,
    },
  );
}
