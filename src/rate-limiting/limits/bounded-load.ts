import { type FeedState } from '../../database/index.js';
import { CodedError } from '../../errors.js';

/** How long a row may take while Postgres answers, and while the feed says that it does not. */
const LIMIT_MS = { live: 1_000, lost: 150 };

/**
 * A row that a call waits for, or an error in good time: a database that hangs must not hold up every call (G9).
 * @throws CodedError `store_unavailable` where the database did not answer; else what `load` throws
 */
export async function boundedLoad<T>(feed: Pick<FeedState, 'live'>, load: () => Promise<T>): Promise<T> {
  const loading = load();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        reject(databaseAway());
      },
      feed.live() ? LIMIT_MS.live : LIMIT_MS.lost,
    );
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

function databaseAway(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The database does not answer, so neither callers nor limits can be looked up. Try again in a few seconds.',
    { retryAfterMs: 2_000 },
  );
}
