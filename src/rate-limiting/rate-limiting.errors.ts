import { CodedError } from '../errors.js';

import { type Denial } from './domain/outcome.js';
import { isEverybodys, type OpenBreaker } from './domain/system-budgets.js';
import { type LimitState, remainingOf, resetsAtOf } from './domain/limit.js';
import { formatUsd } from './domain/money.js';
import { limitView } from './limit-view.js';

/** A call that its limits deny, as an error: for code that guards methods, where no outcome can be returned. */
export class LimitExceeded extends CodedError {
  /** The limits of the denial, as far as they are the caller's to see. */
  readonly toldLimits: readonly LimitState[];

  /** @param denial in full: what everybody spent is in it, and is not to be told. */
  constructor(readonly denial: Denial) {
    const told = denial.limits.map(toCaller);
    super(
      denial.limits.every(({ unit }) => unit === 'cost') ? 'budget_exceeded' : 'quota_exceeded',
      told.map(describe).join(' '),
      { limits: told.map(limitView), retryAfterMs: denial.retryAfterMs },
    );
    this.toldLimits = told;
  }
}

/** What all callers together spent, or hold, is nobody's to see: a budget of theirs is told as one that is spent. */
function toCaller(limit: LimitState): LimitState {
  return isEverybodys(limit) ? { ...limit, used: limit.max, reserved: 0 } : limit;
}

/** All callers together spent what they may: nobody's calls are made until the breaker is closed. */
export function circuitOpen({ sinceMs, closesAtMs }: OpenBreaker, nowMs: number): CodedError {
  const since = sinceMs > 0 ? ` since ${new Date(sinceMs).toISOString()}` : '';
  return new CodedError(
    'circuit_open',
    `All callers together spent what they may${since}, so the call was not made and nothing ` +
      `was charged. Calls go through again from ${new Date(closesAtMs).toISOString()} on, or when an admin closes the breaker.`,
    { retryAfterMs: Math.max(0, closesAtMs - nowMs) },
  );
}

/** No store to count in, and STORE_FAILURE says that then nothing goes through. */
export function storeUnavailable(cause: unknown): CodedError {
  return new CodedError(
    'store_unavailable',
    'Limits cannot be checked right now, so the call was not made and nothing was charged. Try again in a few seconds.',
    { retryAfterMs: 2_000 },
    { cause },
  );
}

/** The ledger cannot be written and holds all it can: a call now might leave no row. */
export function ledgerFull(): CodedError {
  return new CodedError(
    'store_unavailable',
    'Usage cannot be written down right now, so the call was not made and nothing was charged. Try again in a few seconds.',
    { retryAfterMs: 5_000 },
  );
}

/** A metered method was called with nobody to charge. */
export function noCaller(operation: string): CodedError {
  return new CodedError(
    'unauthorized',
    `${operation} needs a caller to charge: call it inside a request, a job that carries its caller, or give @RateLimit a subject.`,
  );
}

/** A stream was ended since nobody read it; whoever comes back to it must not take that for its proper end. */
export function readTooLate(): CodedError {
  return new CodedError(
    'client_closed_request',
    'This stream was not read for the life of a reservation (RESERVATION_TTL_SEC) and was ended; what was read of it is charged. Make the call again.',
  );
}

/** What is to be settled is none of this process's calls, and no row tells of it. */
export function notOpen(id: string): CodedError {
  return new CodedError('not_found', `No reservation ${id} is open here: it was released, or never made.`);
}

/** What cannot be priced is refused to who has a money limit, since it could not be held to it. */
export function unpriced(model: string): CodedError {
  return new CodedError(
    'forbidden',
    `The model ${model} has no known price and a money limit applies to you. Choose a priced model, or ask the operator to price it.`,
  );
}

function describe(limit: LimitState): string {
  const amount = (value: number) =>
    limit.unit === 'cost' ? `${formatUsd(value)} USD` : `${value} ${limit.unit}`;
  const resetAt = new Date(resetsAtOf(limit)).toISOString();
  if (isEverybodys(limit))
    return (
      `${limit.name}: all callers together spent what they may, or hold it for calls in flight; what is left is too ` +
      `little for this call. Room returns at ${resetAt}.`
    );
  return (
    `${limit.name}: ${amount(limit.used)} of ${amount(limit.max)} used, ${amount(limit.reserved)} reserved by calls ` +
    `in flight, ${amount(remainingOf(limit))} left is too little for this call. Room returns at ${resetAt}.`
  );
}
