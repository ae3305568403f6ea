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

/** The same for `/v1/responses`, whose events have a type and a number; the error as clients look for it is in it too. */
export function responsesFailureEvent(thrown: unknown, sequenceNumber: number): string {
  const { error } = openAiErrorBody(known(thrown));
  const { code, message, param } = error;
  return JSON.stringify({ type: 'error', sequence_number: sequenceNumber, code, message, param, error });
}

function known(thrown: unknown): CodedError {
  return thrown instanceof CodedError ? thrown : codedErrorOf(thrown);
}
