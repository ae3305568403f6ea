import { ProviderError } from './provider-error.js';

/** A request that an adapter refuses itself, as its provider would: with a 400 that names the parameter. */
export function refusedRequest(provider: string, param: string, message: string): ProviderError {
  return new ProviderError(provider, 'answered 400 (bad_request)', {
    reason: 'bad_request',
    status: 400,
    neverSent: true,
    upstreamError: { message, type: 'invalid_request_error', param, code: null },
  });
}
