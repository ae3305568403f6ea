import { isRefusal, type SilenceWatch } from '../../database/index.js';
import { CodedError } from '../../errors.js';

/**
 * A row that a call waits for, or an error in good time: a database that hangs must not hold up every call (G9).
 * @param feed the ChangeFeed of the database; it knows how long that may say nothing
 * @throws CodedError `store_unavailable` where the database did not answer; else its refusal
 */
export async function boundedLoad<T>(
  { silence }: { readonly silence: SilenceWatch },
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await silence.guard(load());
  } catch (error) {
    throw isRefusal(error) ? error : databaseAway(error);
  }
}

function databaseAway(cause: unknown): CodedError {
  return new CodedError(
    'store_unavailable',
    'The database does not answer, so neither callers nor limits can be looked up. Try again in a few seconds.',
    { retryAfterMs: 2_000 },
    { cause },
  );
}
