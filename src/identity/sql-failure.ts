/** Whether Postgres refused a row that is there already. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** Whether Postgres refused a row that points at nothing, or the deletion of one that is pointed at. */
export function breaksReference(error: unknown): boolean {
  return sqlState(error) === '23503';
}

/** TypeORM wraps what the driver threw. */
function sqlState(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('driverError' in error)) return undefined;
  const { driverError } = error;
  if (typeof driverError !== 'object' || driverError === null || !('code' in driverError)) return undefined;
  return driverError.code;
}
