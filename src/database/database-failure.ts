import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';

/** What tells one kind of failure: SQLSTATEs, codes of Node's sockets, what node-postgres says without a code. */
interface FailureSigns {
  readonly states: RegExp;
  readonly codes: RegExp;
  readonly messages: RegExp;
}

/** No connection was made, so nothing was asked over it. */
const UNCONNECTED: FailureSigns = {
  states: /^(57P03|53300)$/,
  codes: /^(ECONNREFUSED|ENOTFOUND|EAI_)/,
  messages: /^timeout exceeded when trying to connect/,
};

/** The connection was lost, or the server is there and cannot serve: what was asked may or may not have been done. */
const LOST: FailureSigns = {
  states: /^(08|53|57P)/,
  codes: /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/,
  messages: /^(Connection terminated|Query read timeout|Client has encountered a connection error)/,
};

/** Whether the database said no to a statement: its connection is as good as before. */
export function isRefusal(error: unknown): boolean {
  const cause = driverErrorOf(error);
  return cause instanceof DatabaseError && cause.severity === 'ERROR';
}

/** Whether the database could not be asked, or did not answer: another moment may be better. */
export function isDatabaseAway(error: unknown): boolean {
  const cause = driverErrorOf(error);
  // TypeORM lets go of a connection that is lost between two statements of a transaction.
  if (cause instanceof QueryRunnerAlreadyReleasedError) return true;
  if (cause instanceof DatabaseError && cause.severity !== 'ERROR') return true;
  return shows(cause, LOST) || shows(cause, UNCONNECTED);
}

/** Whether there was no connection to ask over: then it is certain that nothing was done. */
export function wasNeverAsked(error: unknown): boolean {
  return shows(driverErrorOf(error), UNCONNECTED);
}

function shows(cause: unknown, { states, codes, messages }: FailureSigns): boolean {
  // Not `instanceof Error`: where code runs in a context of its own, the errors of Node's sockets are of another Error.
  if (!types.isNativeError(cause)) return false;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (cause instanceof DatabaseError) return states.test(code);
  return codes.test(code) || messages.test(cause.message);
}

/** TypeORM wraps what the driver threw. */
function driverErrorOf(error: unknown): unknown {
  return types.isNativeError(error) && 'driverError' in error ? error.driverError : error;
}
