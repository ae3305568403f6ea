import { CodedError } from '../../errors.js';
import { type ReservationId } from '../../rate-limiting/index.js';

export function keyMismatch(first: string, now: string): CodedError {
  const what = first === now ? 'with another body' : `for ${first}, and this is ${now}`;
  return new CodedError(
    'idempotency_mismatch',
    `This Idempotency-Key was used ${what}. Nothing was done. Take a new key for a new call.`,
  );
}

export function stillRunning(): CodedError {
  return new CodedError(
    'idempotency_in_progress',
    'The first call with this Idempotency-Key still runs. Ask again in a second for its answer.',
    { retryAfterMs: 1_000 },
  );
}

/** @param usageId the ledger row that the first call left. */
export function answerLost(usageId: ReservationId): CodedError {
  return new CodedError(
    'conflict',
    `The first call with this Idempotency-Key was charged (usage ${usageId}), but its answer did not get out whole and ` +
      'cannot be given again. Nothing more was charged. Take a new key to make the call anew.',
    { usageId },
  );
}

/** @param usageId the ledger row that the first call left. */
export function answerTooLarge(usageId: ReservationId): CodedError {
  return new CodedError(
    'conflict',
    `The first call with this Idempotency-Key was answered (usage ${usageId}), but its answer was too large to keep. ` +
      'Nothing more was charged. Take a new key to make the call anew.',
    { usageId },
  );
}
