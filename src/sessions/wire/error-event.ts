import { type CodedError } from '../../errors.js';
import { openAiErrorBody, retryAfterSeconds } from '../../http/index.js';

import { type EventFault } from './client-message.js';
import { type ServerEvent } from './server-event.js';

/** What went wrong, in our terms: as `/v1` tells it, and what its header Retry-After would say as `retry_after`. */
export function errorEvent(error: CodedError, eventId?: string): ServerEvent {
  const told = openAiErrorBody(error).error;
  const seconds = retryAfterSeconds(error);
  const wait = seconds === undefined ? {} : { retry_after: seconds };
  return { type: 'error', error: { ...told, ...wait, event_id: eventId ?? null } };
}

/** What was wrong with an event of the client's. */
export function faultEvent({ code, message, param, eventId }: EventFault): ServerEvent {
  const error = { type: 'invalid_request_error', code, message, param, event_id: eventId ?? null };
  return { type: 'error', error };
}
