import { AsyncLocalStorage } from 'node:async_hooks';

import { type CallTrace } from './call-trace.js';
import { type Caller } from './domain/caller.js';
import { type ReservationId } from './domain/ids.js';
import { type LimitState } from './domain/limit.js';
import { type Reservation } from './reservation.js';

/** What is known of the work in hand, carried from its start through everything it awaits: HTTP, queue, command line. */
export interface CallContext {
  /** Names the work in the log. */
  readonly requestId?: string;
  /** Set as soon as it is known who calls. */
  caller?: Caller;
  /** Tells when nobody waits for the answer any more. */
  readonly hangUp?: HangUp;
  /** The reservation of the guarded method that runs now: its id, the granted output cap, the limits met. */
  reservation?: Reservation;
  /** What the call's limits stand at: with its reservation while it runs, with its real use once it is settled. */
  limits?: readonly LimitState[];
  /** The provider that the call went to. */
  provider?: string;
  /** The id for the next reservation, where somebody had to know it before there was one; it is used once. */
  nextReservationId?: ReservationId | undefined;
  /** The span of the guarded method that runs now; none while nothing is traced. */
  trace?: CallTrace | undefined;
  /** How what was reserved came to its end, so far. Who was charged stays `charged`, whatever is released after it. */
  ending?: CallEnding;
}

/** Whoever waits for an answer may go away. */
export interface HangUp {
  /** Aborted when nobody waits for the answer any more. Made when it is first asked for: most calls never do. */
  readonly signal: AbortSignal;
}

/** `charging`: the ledger was asked to write the row, and has not answered. */
export type CallEnding = 'released' | 'charging' | 'charged';

/** Notes an ending; one that costs is not undone by a later one that does not. */
export function noteEnding(context: CallContext, ending: CallEnding): void {
  if (context.ending === 'charged') return;
  if (context.ending === 'charging' && ending === 'released') return;
  context.ending = ending;
}

const storage = new AsyncLocalStorage<CallContext>();

/** Runs `work` with a context of its own. */
export function runInCallContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the work in hand; `undefined` outside of any. */
export function currentCallContext(): CallContext | undefined {
  return storage.getStore();
}
