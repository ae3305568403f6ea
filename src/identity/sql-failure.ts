import { QueryFailedError } from 'typeorm';

/** Whether Postgres refused a row that is there already. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** Whether Postgres refused a row that points at nothing, or the deletion of one that is pointed at. */
export function breaksReference(error: unknown): boolean {
  return sqlState(error) === '23503';
}

function sqlState(error: unknown): unknown {
  if (!(error instanceof QueryFailedError)) return undefined;
  const cause: unknown = error.driverError;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}
