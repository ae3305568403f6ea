import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';

/** SQLSTATEs of a server that is there and cannot serve: connection trouble, shutting down, starting, full. */
const AWAY_STATES = /^(08|53|57P)/;
const AWAY_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What node-postgres says of a lost connection, without a code. */
const AWAY_MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error)/;

/** Of a connection that was not made: nothing was asked over it. */
const UNCONNECTED_STATES = ['57P03', '53300'];
const UNCONNECTED_CODES = /^(ECONNREFUSED|ENOTFOUND|EAI_)/;
const UNCONNECTED_MESSAGE = /^timeout exceeded when trying to connect/;

/** Whether the database said no to a statement: its connection is as good as before. */
export function isRefusal(error: unknown): boolean {
  const cause = driverErrorOf(error);
  return cause instanceof DatabaseError && cause.severity === 'ERROR';
}

/** Whether the database could not be asked, or did not answer: another moment may be better. */
export function isDatabaseAway(error: unknown): boolean {
  const cause = driverErrorOf(error);
  // Not `instanceof`: where code runs in a context of its own, the errors of Node's sockets are of another Error.
  if (!types.isNativeError(cause)) return false;
  // TypeORM lets go of a connection that is lost between two statements of a transaction.
  if (cause instanceof QueryRunnerAlreadyReleasedError) return true;
  if (cause instanceof DatabaseError) return cause.severity !== 'ERROR' || AWAY_STATES.test(cause.code ?? '');
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return AWAY_CODES.test(code) || AWAY_MESSAGES.test(cause.message);
}

/** Whether there was no connection to ask over: then it is certain that nothing was done. */
export function wasNeverAsked(error: unknown): boolean {
  const cause = driverErrorOf(error);
  if (!types.isNativeError(cause)) return false;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (cause instanceof DatabaseError) return UNCONNECTED_STATES.includes(code);
  return UNCONNECTED_CODES.test(code) || UNCONNECTED_MESSAGE.test(cause.message);
}

/** TypeORM wraps what the driver threw. */
function driverErrorOf(error: unknown): unknown {
  return types.isNativeError(error) && 'driverError' in error ? error.driverError : error;
}
