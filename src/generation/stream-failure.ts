import { CodedError } from '../errors.js';
import { codedErrorOf, openAiErrorBody, problemBody } from '../http/index.js';

/** A stream that broke off after its first byte can only say so inside itself. */
export function failureEvent(thrown: unknown, instance: string): string {
  return JSON.stringify(problemBody(known(thrown), instance));
}

/** The same for `/v1`. */
export function openAiFailureEvent(thrown: unknown): string {
  return JSON.stringify(openAiErrorBody(known(thrown)));
}

function known(thrown: unknown): CodedError {
  return thrown instanceof CodedError ? thrown : codedErrorOf(thrown);
}
