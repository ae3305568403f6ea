import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';

import { readErrorObject, RubbishAnswer } from './answer-body.js';
import { ProviderError, type ProviderFailure, type UpstreamError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
import { isWireObject, objectsAt } from './wire-object.js';

/** Whose failure it is, and what must not be repeated of it. */
export interface FailureContext {
  readonly provider: string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  /** Why we ended the call ourselves, if we did. */
  readonly ended: 'aborted' | 'timeout' | undefined;
}

/** What we read of an error status, of a client's `APIError` or of our own. */
interface StatusError {
  readonly status: number | undefined;
  readonly error: unknown;
  readonly headers: Headers | undefined;
}

/** An answer with an error status, to a request of our own. */
export class AnsweredStatus extends Error implements StatusError {
  constructor(
    readonly status: number,
    readonly error: unknown,
    readonly headers: Headers,
  ) {
    super(`answered ${status}`);
  }

  /** Reads what it says, so far as we listen. */
  static async of(response: Response): Promise<AnsweredStatus> {
    return new AnsweredStatus(response.status, await readErrorObject(response), response.headers);
  }
}

const KEY_SHAPES = /\b(sk|gsk|xai|AIza)[-_A-Za-z0-9*.]{6,}/g;
/** Gemini answers a wrong key with a 400. */
const KEY_REFUSED = /api key (not valid|not found|expired)|invalid api key/i;
const MAX_MESSAGE = 2000;
/** There was no connection to send anything over. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** Whatever an upstream call threw, as a `ProviderError`. */
export function toProviderError(error: unknown, context: FailureContext): ProviderError {
  const { provider, ended, timeoutMs } = context;
  if (error instanceof ProviderError) return error;
  if (ended === 'aborted')
    return new ProviderError(provider, 'the call was cancelled', { reason: 'aborted' });
  if (ended === 'timeout' || error instanceof APIConnectionTimeoutError) {
    return new ProviderError(provider, `no answer within ${timeoutMs} ms`, { reason: 'timeout' });
  }
  if (error instanceof RubbishAnswer)
    return new ProviderError(provider, error.message, { reason: 'rubbish' });
  if (error instanceof AnsweredStatus) return fromStatus(error, context);
  if (error instanceof APIError && !(error instanceof APIConnectionError)) {
    const answered: StatusError = error;
    return fromStatus(answered, context);
  }
  return brokenConnection(error, provider);
}

function brokenConnection(error: unknown, provider: string): ProviderError {
  const code = connectionCode(error);
  const timedOut = code?.includes('TIMEOUT') ?? false;
  return new ProviderError(provider, `the connection failed${code ? ` (${code})` : ''}`, {
    reason: timedOut ? 'timeout' : 'connection',
    neverSent: NEVER_SENT.some((known) => known === code),
  });
}

/** An error object that came in an answer of status 200 or in a stream. */
export function fromErrorObject(error: unknown, context: FailureContext): ProviderError {
  const object: WireObject = isWireObject(error)
    ? error
    : { message: typeof error === 'string' ? error : '' };
  const reason = reasonOfObject(object);
  return new ProviderError(context.provider, `answered with an error (${reason})`, {
    reason,
    ...(reason === 'bad_request' && { upstreamError: upstreamError(object, context) }),
  });
}

function fromStatus({ status, error, headers }: StatusError, context: FailureContext): ProviderError {
  const reason = reasonOfAnswer(status, error);
  const retryAfterMs = (headers && retryAfter(headers)) ?? retryDelay(error);
  const passOn = (reason === 'bad_request' || reason === 'not_found') && isWireObject(error);
  return new ProviderError(context.provider, `answered ${status ?? 'nothing'} (${reason})`, {
    reason,
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(passOn && { upstreamError: upstreamError(error, context) }),
  });
}

function reasonOfAnswer(status: number | undefined, error: unknown): ProviderFailure {
  if (status === undefined) return 'rubbish';
  if (status === 400 && isWireObject(error) && KEY_REFUSED.test(String(error.message))) return 'auth';
  // A proxy's HTML page is no judgement on the client's request.
  return reasonOfStatus(status, isWireObject(error));
}

function reasonOfStatus(status: number, explained: boolean): ProviderFailure {
  if (status === 429) return 'rate_limited';
  // 402: our account there has no money left.
  if (status === 401 || status === 402 || status === 403) return 'auth';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status >= 500) return 'server_error';
  return status >= 400 && explained ? 'bad_request' : 'rubbish';
}

function reasonOfObject({ type, code }: WireObject): ProviderFailure {
  if (typeof code === 'number') return reasonOfStatus(code, true);
  if (code === 'rate_limit_exceeded' || type === 'rate_limit_exceeded' || type === 'tokens')
    return 'rate_limited';
  // HeyGen's, where our account has no money left.
  if (code === 'insufficient_credit' || code === 'unauthorized') return 'auth';
  return type === 'invalid_request_error' ? 'bad_request' : 'server_error';
}

function upstreamError(error: WireObject, { apiKey }: FailureContext): UpstreamError {
  const clean = (value: unknown): string | null =>
    typeof value === 'string' || typeof value === 'number' ? withoutKeys(String(value), apiKey) : null;
  return {
    message: clean(error.message) ?? 'The provider refused the request.',
    type: clean(error.type),
    param: clean(error.param),
    code: clean(error.code),
  };
}

/** A text of the provider's, without the key and what looks like one, in a bearable length. */
export function withoutKeys(text: string, apiKey: string | undefined): string {
  const cleared = apiKey ? text.replaceAll(apiKey, '[key]') : text;
  return cleared.replace(KEY_SHAPES, '[key]').slice(0, MAX_MESSAGE);
}

/** `Retry-After` in seconds or as a date, which is read against the answer's own `Date`. */
function retryAfter(headers: Headers): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return Math.ceil(ms);
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return undefined;
  if (Number(text) >= 0) return Math.ceil(Number(text) * 1000);
  const wait = Date.parse(text) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Google's `RetryInfo` in the error itself: `{retryDelay: "37s"}`. */
function retryDelay(error: unknown): number | undefined {
  if (!isWireObject(error)) return undefined;
  const delays = objectsAt(error, 'details').map(
    (detail) => /^(\d+(?:\.\d+)?)s$/.exec(String(detail.retryDelay))?.[1],
  );
  const seconds = delays.find((delay) => delay !== undefined);
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

/** Node's own name for what broke, such as `ECONNREFUSED`, from wherever in the chain of causes it is. */
function connectionCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && isWireObject(current); depth++) {
    const { code } = current;
    if (typeof code === 'string' && /^[A-Z_]+$/.test(code)) return code;
    current = current.cause;
  }
  return undefined;
}
