import { type ProviderError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
import { refusedRequest } from './refused-request.js';

/** A request that the simulated provider refuses as OpenAI would: with a 400 that names the parameter. */
export function badRequest(param: string, message: string): ProviderError {
  return refusedRequest('simulated', param, message);
}

/** A whole number that a field may hold. @throws ProviderError where it holds anything else. */
export function wholeNumber(
  body: WireObject,
  field: string,
  { min, max }: { min: number; max: number },
): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badRequest(field, `Invalid '${field}': expected an integer from ${min} to ${max}.`);
}
