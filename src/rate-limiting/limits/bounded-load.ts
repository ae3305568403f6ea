import { type FeedState, isRefusal, SilenceWatch } from '../../database/index.js';
import { CodedError } from '../../errors.js';

/** With a tick of the watch, what a database that is down may cost a call: 250 ms. */
const SILENCE_MS = 200;

/** One watch for all who load over one feed's database: an answer to any of them tells that it lives. */
const watches = new WeakMap<Pick<FeedState, 'live'>, SilenceWatch>();

/**
 * A row that a call waits for, or an error in good time: a database that hangs must not hold up every call (G9).
 * @throws CodedError `store_unavailable` where the database did not answer; else its refusal
 */
export async function boundedLoad<T>(feed: Pick<FeedState, 'live'>, load: () => Promise<T>): Promise<T> {
  const watch = watches.get(feed) ?? new SilenceWatch(SILENCE_MS);
  watches.set(feed, watch);
  try {
    return await watch.guard(load());
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
