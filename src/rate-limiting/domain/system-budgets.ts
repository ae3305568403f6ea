import { type Subject } from './caller.js';
import { type CounterRef, type Hold } from './counters.js';
import { type Counter, type CounterWindow, type LimitState } from './limit.js';
import { type Denial } from './outcome.js';

/** The circuit breaker as it is written down. That its cool-down has closed it follows from the time alone. */
export interface BreakerRow {
  /** What was spent from here on counts. */
  readonly sinceMs: number;
  /** `null` while it was never opened since. */
  readonly openedAtMs: number | null;
  readonly closesAtMs: number | null;
}

/** What the circuit breaker is at an instant. */
export type BreakerState = { readonly kind: 'closed'; readonly sinceMs: number } | OpenBreaker;

export interface OpenBreaker {
  readonly kind: 'open';
  readonly sinceMs: number;
  readonly openedAtMs: number;
  readonly closesAtMs: number;
}

/** The most that all callers together may spend; 0 is unlimited. Money in nano-dollars. */
export interface SystemMaxima {
  readonly hourlyNanoUsd: number;
  readonly breakerNanoUsd: number;
}

/** Whom the budgets of the system count: everybody. One subject, so that a shard keeps both counters. */
export const EVERYBODY: Subject = { kind: 'system', id: 'all' };

export const HOUR_LIMIT = 'system.hour.cost';
export const BREAKER_LIMIT = 'system.breaker.cost';

const HOUR_MS = 3_600_000;
const BREAKER_KIND = 'breaker';
/** A breaker's window ends when somebody ends it: later than any counter lives. */
const NO_END_MS = Date.UTC(2100, 0, 1);

/** The breaker's state at an instant: its cool-down closes it on every instance alike, and nobody writes that down. */
export function breakerAt({ sinceMs, openedAtMs, closesAtMs }: BreakerRow, atMs: number): BreakerState {
  if (openedAtMs === null || closesAtMs === null) return { kind: 'closed', sinceMs };
  if (atMs < closesAtMs) return { kind: 'open', sinceMs, openedAtMs, closesAtMs };
  return { kind: 'closed', sinceMs: closesAtMs };
}

/** The clock hour at an instant, of UTC: `h2026-11-26T10`. */
export function hourWindowAt(atMs: number): CounterWindow {
  const startsAtMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  const name = `h${new Date(startsAtMs).toISOString().slice(0, 13)}`;
  return { kind: 'hour', name, startsAtMs, resetsAtMs: startsAtMs + HOUR_MS };
}

/** All that is spent from an instant on, until the breaker is closed again. */
export function breakerWindow(sinceMs: number): CounterWindow {
  return { kind: BREAKER_KIND, name: `b${sinceMs}`, startsAtMs: sinceMs, resetsAtMs: NO_END_MS };
}

/** Whether a limit is of what all callers together spend. */
export function isEverybodys({ subject }: Pick<LimitState, 'subject'>): boolean {
  return subject.kind === EVERYBODY.kind;
}

/** Whether a counter is the breaker's. */
export function isBreaker({ window }: Pick<Counter, 'window'>): boolean {
  return window.kind === BREAKER_KIND;
}

/** The counters of everybody that a call of this instant meets; what is unlimited is not counted at all. */
export function systemCounters(atMs: number, maxima: SystemMaxima, sinceMs: number): Counter[] {
  const counters: Counter[] = [];
  if (maxima.hourlyNanoUsd > 0)
    counters.push(counterOf(hourWindowAt(atMs), HOUR_LIMIT, maxima.hourlyNanoUsd));
  // A call of before the breaker was closed belongs to what is over.
  if (maxima.breakerNanoUsd > 0 && atMs >= sinceMs)
    counters.push(counterOf(breakerWindow(sinceMs), BREAKER_LIMIT, maxima.breakerNanoUsd));
  return counters;
}

/**
 * Whether a denied call opens the breaker: what is spent leaves no room for it. What is only held by calls in flight opens
 * nothing, and neither does a call that has no room in limits of its own caller, or could not be paid out of the whole.
 * @param leastNanoUsd what the smallest form of the call may cost.
 */
export function opensBreaker({ limits }: Denial, leastNanoUsd: number): boolean {
  const limit = breakerLimitOf(limits);
  if (!limit || !limits.every(isEverybodys)) return false;
  return limit.used + leastNanoUsd > limit.max && leastNanoUsd <= limit.max;
}

/** The breaker's limit among others. */
export function breakerLimitOf(limits: readonly LimitState[]): LimitState | undefined {
  return limits.find(({ name }) => name === BREAKER_LIMIT);
}

/** Whether a hold has an amount in a counter. */
export function holds(hold: Hold, { subject, window }: Pick<CounterRef, 'subject' | 'window'>): boolean {
  return hold.counters.some(
    ({ counter }) =>
      counter.window === window && counter.subject.kind === subject.kind && counter.subject.id === subject.id,
  );
}

function counterOf(window: CounterWindow, name: string, max: number): Counter {
  return { subject: EVERYBODY, window, limits: [{ name, unit: 'cost', max, enforcement: 'hard' }] };
}
