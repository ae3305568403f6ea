import { CodedError, type ErrorCode } from '../errors.js';
import { ProviderError, type ProviderFailure } from '../providers/index.js';

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

/** How long to stay away where the provider does not say. */
const DEFAULT_RETRY_MS = 1_000;

const NOTHING_CHARGED = 'Nothing was charged for this call.';
const CHARGED_AS_SENT = 'What was sent until then is charged.';

/** What a provider did not do, in our terms; before it had sent anything. */
export function asCodedError(thrown: unknown): unknown {
  return codedError(thrown, NOTHING_CHARGED);
}

/** The same of a stream that broke off after it had begun. */
export function asBrokenStream(thrown: unknown): unknown {
  return codedError(thrown, CHARGED_AS_SENT);
}

function codedError(thrown: unknown, charged: string): unknown {
  if (!(thrown instanceof ProviderError)) return thrown;
  const { provider, reason, status } = thrown;
  const attempts = [{ provider, status: status ?? null, reason }];
  const code = CODE_OF[reason];
  if (code === 'validation_failed' || code === 'not_found') return refused(thrown, code, attempts);
  const detail = `The provider ${provider} ${DETAIL[reason]}. ${charged}`;
  const wait = code === 'providers_exhausted' && { retryAfterMs: thrown.retryAfterMs ?? DEFAULT_RETRY_MS };
  return new CodedError(code, detail, { attempts, ...wait }, { cause: thrown });
}

/** The request's own fault: told in the provider's words, since only it knows its parameters. */
function refused(thrown: ProviderError, code: ErrorCode, attempts: readonly object[]): CodedError {
  const { provider, reason, upstreamError } = thrown;
  const message = upstreamError?.message ?? `The provider ${provider} ${DETAIL[reason]}.`;
  const errors = [{ path: upstreamError?.param ?? 'body', message }];
  return new CodedError(
    code,
    message,
    { errors, attempts, ...(upstreamError && { upstreamError }) },
    { cause: thrown },
  );
}
