import { type Caller } from './domain/caller.js';
import {
  type ClaimState,
  type CounterRef,
  type ReserveAnswer,
  type ReserveCommand,
} from './domain/counters.js';
import { amountOf } from './domain/decision.js';
import { type ReservationId } from './domain/ids.js';
import { type Counter, limitState } from './domain/limit.js';
import { type Operation } from './domain/operation.js';
import {
  brokenBy,
  type ClaimedLimit,
  type Denial,
  denialOf,
  shadowDenied,
  softExceeded,
} from './domain/outcome.js';
import { dayAt } from './domain/period.js';
import { type CallTerms } from './limits/limit-resolver.js';
import { type CallEstimate, type Reservation } from './reservation.js';

export interface ReserveInput {
  readonly caller: Caller;
  readonly operation: Operation;
  readonly estimate: CallEstimate;
  /** An id that was made before; the instant in it is when the call is taken to be reserved. Else one is made. */
  readonly id?: ReservationId;
}

/** A denial is a value; only the edge makes an error of it. */
export type Outcome = { readonly kind: 'reserved'; readonly reservation: Reservation } | Denial;

/** All that is known of a call before the counters are asked. */
export interface Asking {
  readonly input: ReserveInput;
  readonly terms: CallTerms;
  /** Those of the terms, and after them those that are only held ahead of time. */
  readonly counters: readonly Counter[];
  readonly command: ReserveCommand;
  readonly nowMs: number;
  /** The zone of days that no user's own zone applies to. */
  readonly timeZone: string;
}

/** What the counters' answer means to the caller. */
export function outcomeOf(asking: Asking, answer: Exclude<ReserveAnswer, { kind: 'cold' }>): Outcome {
  const { command, nowMs } = asking;
  const claimed = claimedLimits(asking, answer.states);
  if (answer.kind === 'denied') return denialOf(brokenBy(claimed, command.elastic), nowMs);
  return {
    kind: 'reserved',
    reservation: reservationOf(asking, answer.granted, {
      limits: claimed.filter(({ ahead }) => !ahead).map(({ limit }) => limit),
      softExceeded: softExceeded(claimed),
      shadowDenied: shadowDenied(claimed, answer.granted, command.elastic).map(({ name }) => name),
      passedCounters: [],
      hold: answer.hold,
    }),
  };
}

/** A reservation that no counter knows of: limits are off, or the store is down and calls go through. */
export function uncounted(asking: Asking, passedCounters: readonly CounterRef[]): Reservation {
  const counted = { limits: [], softExceeded: [], shadowDenied: [], passedCounters, hold: undefined };
  return reservationOf(asking, asking.command.elastic.max, counted);
}

function reservationOf(
  { input, terms, command, nowMs, timeZone }: Asking,
  grantedOutputTokens: number,
  counted: Pick<Reservation, 'limits' | 'softExceeded' | 'shadowDenied' | 'passedCounters' | 'hold'>,
): Reservation {
  // Named one by one: spreading objects into one another is what cost most of a reserve here.
  return {
    id: command.id,
    caller: input.caller,
    operation: input.operation,
    estimate: input.estimate,
    grantedOutputTokens,
    limits: counted.limits,
    softExceeded: counted.softExceeded,
    shadowDenied: counted.shadowDenied,
    reservedAtMs: nowMs,
    day: dayAt(nowMs, timeZone),
    localDay: dayAt(nowMs, terms.schedule.timeZone),
    passedCounters: counted.passedCounters,
    hold: counted.hold,
  };
}

function claimedLimits(
  { command, counters, terms }: Asking,
  states: readonly ClaimState[][],
): ClaimedLimit[] {
  const claimed: ClaimedLimit[] = [];
  counters.forEach((counter, at) => {
    counter.limits.forEach((limit, index) => {
      const claim = command.counters[at]?.claims[index];
      const state = states[at]?.[index];
      const ahead = at >= terms.counters.length;
      if (claim && state) claimed.push({ limit: limitState(counter, limit, state), claim, ahead });
    });
  });
  return claimed;
}

/** Whether a call without a price is to be refused: it could not be held to a limit of money. */
export function hasMoneyLimit(counters: Asking['terms']['counters']): boolean {
  return counters.some(({ limits }) =>
    limits.some(({ unit, max, enforcement }) => unit === 'cost' && max > 0 && enforcement === 'hard'),
  );
}

/** The tokens that the smallest form of a call asks for. */
export function leastTokens({ counters, elastic }: Asking['command']): number {
  const claims = counters.flatMap((counter) => counter.claims);
  const tokens = claims.find(({ unit }) => unit === 'tokens');
  return tokens ? amountOf(tokens, elastic.min) : 1;
}
