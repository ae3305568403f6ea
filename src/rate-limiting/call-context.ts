import { AsyncLocalStorage } from 'node:async_hooks';

import { type Caller } from './domain/caller.js';
import { type LimitState } from './domain/limit.js';
import { type Reservation } from './reservation.js';

/** What is known of the work in hand, carried from its start through everything it awaits: HTTP, queue, command line. */
export interface CallContext {
  /** Names the work in the log. */
  readonly requestId?: string;
  /** Set as soon as it is known who calls. */
  caller?: Caller;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** The reservation of the guarded method that runs now: its id, the granted output cap, the limits met. */
  reservation?: Reservation;
  /** What the call's limits stand at: with its reservation while it runs, with its real use once it is settled. */
  limits?: readonly LimitState[];
  /** The provider that the call went to. */
  provider?: string;
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
