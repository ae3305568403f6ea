import { claimsOf, elasticOf } from './claims.js';
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
import { type Operation, type Unit } from './domain/operation.js';
import {
  brokenBy,
  type ClaimedLimit,
  type Denial,
  denialOf,
  markExcess,
  shadowDenied,
} from './domain/outcome.js';
import { dayAt } from './domain/period.js';
import { type SystemTerms } from './budgets/system-budgets.js';
import { type CallTerms } from './limits/limit-resolver.js';
import { unpriced } from './rate-limiting.errors.js';
import { type RateLimitingOptions } from './rate-limiting.options.js';
import { newReservationId } from './reservation-ids.js';
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

/** A call, and what it meets: its caller's limits, and everybody's. */
interface KnownCall {
  readonly input: ReserveInput;
  readonly terms: CallTerms;
  readonly system: SystemTerms;
  readonly nowMs: number;
}

/** All that is known of a call before the counters are asked. */
export interface Asking extends KnownCall {
  /** Those of the terms, after them those that are only held ahead of time, and then those of all callers. */
  readonly counters: readonly Counter[];
  readonly command: ReserveCommand;
  /** The zone of days that no user's own zone applies to. */
  readonly timeZone: string;
}

/**
 * All that is known of a call, once its limits are.
 * @throws CodedError `forbidden` for a call without a price under a money limit.
 */
export function askingOf(
  known: KnownCall,
  { enabled, reservationTtlMs, timeZone }: RateLimitingOptions,
): Asking {
  const { input, terms, system, nowMs } = known;
  const { estimate } = input;
  if (!estimate.priced && enabled && hasMoneyLimit(terms.counters)) throw unpriced(estimate.model);
  const counters = [...terms.counters, ...terms.ahead, ...system.counters];
  const command = {
    id: input.id ?? newReservationId(nowMs),
    ttlMs: reservationTtlMs,
    elastic: elasticOf(estimate, terms.maxOutputTokens),
    counters: claimsOf(counters, estimate),
  };
  return { input, terms, system, counters, command, nowMs, timeZone };
}

/** What the counters' answer means to the caller. */
export function outcomeOf(asking: Asking, answer: Exclude<ReserveAnswer, { kind: 'cold' }>): Outcome {
  const { command, nowMs } = asking;
  if (answer.kind === 'denied') {
    const claimed = claimedLimits(asking, answer.states, asking.counters.length);
    return denialOf(brokenBy(claimed, command.elastic), nowMs);
  }
  // What everybody spends is nobody's to see, but for who is denied by it.
  const own = asking.counters.length - asking.system.counters.length;
  const claimed = claimedLimits(asking, answer.states, own);
  return {
    kind: 'reserved',
    reservation: reservationOf(asking, answer.granted, {
      limits: claimed
        .filter(({ ahead }) => !ahead)
        .map(({ limit }) => markExcess(limit, limit.used + limit.reserved)),
      shadowDenied: shadowDenied(claimed, answer.granted, command.elastic).map(({ name }) => name),
      passedCounters: [],
      hold: answer.hold,
    }),
  };
}

/** A reservation that no counter knows of: limits are off, or the store is down and calls go through. */
export function uncounted(asking: Asking, passedCounters: readonly CounterRef[]): Reservation {
  const counted = { limits: [], shadowDenied: [], passedCounters, hold: undefined };
  return reservationOf(asking, asking.command.elastic.max, counted);
}

function reservationOf(
  { input, terms, command, nowMs, timeZone }: Asking,
  grantedOutputTokens: number,
  counted: Pick<Reservation, 'limits' | 'shadowDenied' | 'passedCounters' | 'hold'>,
): Reservation {
  // Named one by one: spreading objects into one another is what cost most of a reserve here.
  return {
    id: command.id,
    caller: input.caller,
    operation: input.operation,
    estimate: input.estimate,
    grantedOutputTokens,
    limits: counted.limits,
    shadowDenied: counted.shadowDenied,
    reservedAtMs: nowMs,
    day: dayAt(nowMs, timeZone),
    localDay: dayAt(nowMs, terms.schedule.timeZone),
    passedCounters: counted.passedCounters,
    hold: counted.hold,
  };
}

function claimedLimits(
  { command, counters, terms, system }: Asking,
  states: readonly ClaimState[][],
  first: number,
): ClaimedLimit[] {
  const claimed: ClaimedLimit[] = [];
  const aheadEnds = counters.length - system.counters.length;
  counters.slice(0, first).forEach((counter, at) => {
    counter.limits.forEach((limit, index) => {
      const claim = command.counters[at]?.claims[index];
      const state = states[at]?.[index];
      const ahead = at >= terms.counters.length && at < aheadEnds;
      if (claim && state) claimed.push({ limit: limitState(counter, limit, state), claim, ahead });
    });
  });
  return claimed;
}

/**
 * Whether a call without a price is to be refused: it could not be held to a limit of money. Asked of the caller's own
 * limits: the budgets of the system are everybody's, and would else refuse every model without a price.
 */
function hasMoneyLimit(counters: Asking['terms']['counters']): boolean {
  return counters.some(({ limits }) =>
    limits.some(({ unit, max, enforcement }) => unit === 'cost' && max > 0 && enforcement === 'hard'),
  );
}

/** What the smallest form of a call asks for of a unit. */
export function leastOf(wanted: Unit, { counters, elastic }: Asking['command']): number {
  const claims = counters.flatMap((counter) => counter.claims);
  const claim = claims.find(({ unit }) => unit === wanted);
  return claim ? amountOf(claim, elastic.min) : 1;
}
