import { CodedError } from '../errors.js';

/** @throws CodedError `internal_error` where the disk has no room or gives no access. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw notKept(cause);
  }
}

export async function orUndefinedIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Node's own name for what went wrong, such as `ENOSPC`. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function notKept(cause: unknown): CodedError {
  const why = errorCodeOf(cause) ?? 'unknown fault';
  const message = `The output was made but could not be written to the media folder in DATA_DIR (${why}). The operator has to look at its room and rights.`;
  return new CodedError('internal_error', message, {}, { cause });
}
