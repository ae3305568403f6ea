import { type Caller } from './domain/caller.js';
import { type CounterRef, type Hold } from './domain/counters.js';
import { type ReservationId } from './domain/ids.js';
import { type LimitState } from './domain/limit.js';
import { type Operation } from './domain/operation.js';

/** What a call is expected to use at most; it is held until the call is settled. */
export interface CallEstimate {
  readonly inputTokens: number;
  /** The output cap wanted, and the least that is worth a call. Absent for calls without output tokens. */
  readonly output?: { readonly max: number; readonly min: number; readonly choices: number };
  /** Money for the fixed part: input tokens, images. Integer nano-dollars. */
  readonly baseCostNanoUsd: number;
  /** Money per output token, in nano-dollars; may be a fraction. */
  readonly outputCostNanoUsd: number;
  /** False where no price is known: such a call is refused to who has a money limit. */
  readonly priced: boolean;
  /** How many of the operation's own things: images. */
  readonly count: number;
  readonly provider: string;
  readonly model: string;
}

/** A call that was let through: what it may use, and what its limits stand at with it. */
export interface Reservation {
  readonly id: ReservationId;
  readonly caller: Caller;
  readonly operation: Operation;
  readonly estimate: CallEstimate;
  /** Output tokens granted, per choice: the call goes upstream with no larger cap. */
  readonly grantedOutputTokens: number;
  /** Soft ones are marked where what is reserved goes past them: the call itself may turn out not to. */
  readonly limits: readonly LimitState[];
  /** Names of the shadow limits that would have denied it. */
  readonly shadowDenied: readonly string[];
  readonly reservedAtMs: number;
  readonly day: string;
  readonly localDay: string;
  /** Counters that it went past while they could not be reached (STORE_FAILURE=open): to be read anew when it is settled. */
  readonly passedCounters: readonly CounterRef[];
  /** Absent where nothing is counted (RATE_LIMIT_ENABLED=false, or a store that is down and STORE_FAILURE=open). */
  readonly hold: Hold | undefined;
  /** It is written down with the work that it is for, and belongs to no process: `KeptReservations`. */
  readonly kept?: true;
}
