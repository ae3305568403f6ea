import { CodedError, type ErrorCode } from '../../errors.js';
import { ProviderError, type ProviderFailure } from '../provider-error.js';

import { FAILURE_RULES } from './failure-rules.js';

const CODE_OF = {
  rate_limited: 'providers_exhausted',
  timeout: 'provider_timeout',
  server_error: 'provider_failed',
  bad_request: 'validation_failed',
  auth: 'provider_failed',
  rubbish: 'provider_failed',
  connection: 'provider_failed',
  not_found: 'not_found',
  aborted: 'client_closed_request',
} as const satisfies Record<ProviderFailure, ErrorCode>;

const DETAIL = {
  rate_limited: 'is out of capacity for us right now',
  timeout: 'took too long to answer',
  server_error: 'failed on its side',
  bad_request: 'refused the request',
  auth: 'does not accept our key; the operator must look at it',
  rubbish: 'answered something that is no answer',
  connection: 'could not be reached, or broke off',
  not_found: 'does not have what was asked for',
  aborted: 'was told to stop, since the client hung up',
} as const satisfies Record<ProviderFailure, string>;

const OWN_KEY_REFUSED = 'does not accept the key of this workspace; its owner must look at it';

/** How long to stay away where nobody says. */
const DEFAULT_RETRY_MS = 1_000;

const NOTHING_CHARGED = 'Nothing was charged for this call.';
const CHARGED_AS_SENT = 'What was sent until then is charged.';

/** One provider of a call: what came of it. Never a key or a body of theirs. */
export interface Attempt {
  readonly provider: string;
  readonly status: number | null;
  /** `cooling_down` and `no_permits`: it was passed over, and not asked. */
  readonly reason: ProviderFailure | 'cooling_down' | 'no_permits';
}

/** An attempt, and what only we need to know of it. */
export interface FailedAttempt extends Attempt {
  /** Until the provider may be asked again, where it rests or has no permits. */
  readonly retryAfterMs?: number;
  readonly error?: ProviderError;
  /** It was asked with the workspace's own key. */
  readonly withOwnKey?: boolean;
}

/** A provider that was asked and failed. */
export function failedAttempt(error: ProviderError, retryAfterMs: number): FailedAttempt {
  const { provider, status = null, reason } = error;
  return { provider, status, reason, error, ...(retryAfterMs > 0 && { retryAfterMs }) };
}

/** What a provider did not do, in our terms; before it had sent anything. Errors of another kind stay as they are. */
export function asCodedError(thrown: unknown): unknown {
  if (!(thrown instanceof ProviderError)) return thrown;
  return callFailed([failedAttempt(thrown, thrown.retryAfterMs ?? 0)]);
}

/** The same of a stream that broke off after it had begun. */
export function asBrokenStream(thrown: unknown): unknown {
  if (!(thrown instanceof ProviderError)) return thrown;
  const attempt = failedAttempt(thrown, thrown.retryAfterMs ?? 0);
  return oneFailed(thrown, [attempt], CHARGED_AS_SENT);
}

/** A call that nobody answered, in our terms: all that was tried, and when trying again may help. */
export function callFailed(attempts: readonly FailedAttempt[]): CodedError {
  const decisive = decisiveOf(attempts);
  if (decisive) return oneFailed(decisive, attempts, NOTHING_CHARGED);
  const tried = attempts.map(({ provider, reason }) => `${provider} (${reason})`).join(', ');
  const detail = `No provider could answer: ${tried}. ${NOTHING_CHARGED}`;
  const members = { attempts: attempts.map(shown) };
  const cause = { cause: attempts.findLast(({ error }) => error)?.error };
  if (attempts.every(({ reason }) => reason === 'timeout')) {
    return new CodedError('provider_timeout', detail, members, cause);
  }
  return new CodedError(
    'providers_exhausted',
    detail,
    { ...members, retryAfterMs: soonest(attempts) },
    cause,
  );
}

/** The one failure that says it all: the only one, the caller's own fault, or that nobody has what was asked for. */
function decisiveOf(attempts: readonly FailedAttempt[]): ProviderError | undefined {
  const errors = attempts.flatMap(({ error }) => error ?? []);
  const final = errors.find(({ reason }) => !FAILURE_RULES[reason].failover);
  if (final) return final;
  const unknown = attempts.every(({ reason }) => reason === 'not_found');
  return attempts.length === 1 || unknown ? errors.at(-1) : undefined;
}

function oneFailed(error: ProviderError, attempts: readonly FailedAttempt[], charged: string): CodedError {
  const { provider, reason } = error;
  const code = CODE_OF[reason];
  const members = { attempts: attempts.map(shown) };
  if (code === 'validation_failed' || code === 'not_found') return refused(error, code, members);
  const own = attempts.some((one) => one.error === error && one.withOwnKey);
  const what = own && reason === 'auth' ? OWN_KEY_REFUSED : DETAIL[reason];
  const detail = `The provider ${provider} ${what}. ${charged}`;
  const wait = code === 'providers_exhausted' && { retryAfterMs: soonest(attempts) };
  return new CodedError(code, detail, { ...members, ...wait }, { cause: error });
}

/** The request's own fault: told in the provider's words, since only it knows its parameters. */
function refused(error: ProviderError, code: ErrorCode, members: object): CodedError {
  const { provider, reason, upstreamError } = error;
  const message = upstreamError?.message ?? `The provider ${provider} ${DETAIL[reason]}.`;
  const errors = [{ path: upstreamError?.param ?? 'body', message }];
  const told = { errors, ...members, ...(upstreamError && { upstreamError }) };
  return new CodedError(code, message, told, { cause: error });
}

function soonest(attempts: readonly FailedAttempt[]): number {
  const waits = attempts.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return waits.length > 0 ? Math.min(...waits) : DEFAULT_RETRY_MS;
}

function shown({ provider, status, reason }: FailedAttempt): Attempt {
  return { provider, status, reason };
}
