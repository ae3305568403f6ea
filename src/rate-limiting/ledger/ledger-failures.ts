import { CodedError } from '../../errors.js';

/** SQLSTATE classes that blame the values: data, constraints, limits of size and depth. */
const BLAMES_VALUES = /^(22|23|54)/;

/**
 * Whether a statement failed for what is in it, so that trying it again is in vain. All else (a lost connection, a
 * server that starts or is full, a statement that took too long) passes, and a row that waits is not lost.
 */
export function blamesValues(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    BLAMES_VALUES.test(error.code)
  );
}

/** Postgres refuses this row, alone as in company. */
export function refusedRow(id: string, cause: unknown): CodedError {
  return new CodedError(
    'internal_error',
    `The ledger cannot hold the usage of call ${id}; why is in the log. The other calls were written.`,
    {},
    { cause },
  );
}

/** More rows wait than are kept, or the process ends before Postgres came back. */
export function ledgerUnavailable(waiting: number): CodedError {
  return new CodedError(
    'store_unavailable',
    `The usage ledger cannot be reached and ${waiting} finished calls wait to be written, so this one was not taken. ` +
      'Try again in a few seconds; if it stays, look at PostgreSQL.',
    { retryAfterMs: 5_000 },
  );
}

/** The process ends, and Postgres did not come back in time. */
export function notWrittenBeforeEnd(id: string): CodedError {
  return new CodedError(
    'store_unavailable',
    `The usage of call ${id} could not be written before the shutdown. Its reservation will be settled at its deadline.`,
    { retryAfterMs: 5_000 },
  );
}
