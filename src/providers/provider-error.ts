/**
 * `bad_request` is the client's own fault and no other provider would help; `rubbish` is an answer that is not what
 * the wire format promises; `aborted` is our own signal.
 */
export type ProviderFailure =
  | 'rate_limited'
  | 'timeout'
  | 'server_error'
  | 'bad_request'
  | 'auth'
  | 'rubbish'
  | 'connection'
  | 'not_found'
  | 'aborted';

/** The provider's error object, so that a bad request can be answered in the provider's words. */
export interface UpstreamError {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
}

export interface ProviderErrorDetails {
  readonly reason: ProviderFailure;
  readonly status?: number;
  /** How long the provider asks us to stay away. */
  readonly retryAfterMs?: number;
  /** The call cannot have reached the provider: nobody listened. */
  readonly neverSent?: boolean;
  /** Only where the fault may be the client's: `bad_request` and `not_found`. Holds no key. */
  readonly upstreamError?: UpstreamError;
}

/** A provider did not answer a call. The message never holds a key or a body of theirs. */
export class ProviderError extends Error {
  readonly reason: ProviderFailure;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly neverSent: boolean;
  readonly upstreamError: UpstreamError | undefined;

  constructor(
    readonly provider: string,
    message: string,
    details: ProviderErrorDetails,
  ) {
    super(`${provider}: ${message}`);
    this.name = 'ProviderError';
    this.reason = details.reason;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.neverSent = details.neverSent ?? false;
    this.upstreamError = details.upstreamError;
  }
}
