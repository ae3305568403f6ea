import { type Subject } from './caller.js';
import { type Unit } from './operation.js';

/** `hard` denies; `soft` lets through, warns and marks; `shadow` only counts what it would have denied. */
export const ENFORCEMENTS = ['hard', 'soft', 'shadow'] as const;
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** The limit fields that a plan and a RateLimit share. `0` is unlimited, `null` is inherited. */
export interface LimitFields {
  readonly monthlyTokenLimit: number | null;
  readonly monthlyCallLimit: number | null;
  readonly monthlyCostLimitNanoUsd: number | null;
  readonly videoGenerationLimit: number | null;
  readonly imageGenerationLimit: number | null;
  readonly scriptGenerationLimit: number | null;
  readonly rollingTokenLimit: number | null;
}

export const NO_LIMITS: LimitFields = {
  monthlyTokenLimit: null,
  monthlyCallLimit: null,
  monthlyCostLimitNanoUsd: null,
  videoGenerationLimit: null,
  imageGenerationLimit: null,
  scriptGenerationLimit: null,
  rollingTokenLimit: null,
};

/** A stretch of time that a counter covers. Its name is part of the counter's key. */
export interface CounterWindow {
  /** What the API calls it: `month`, `rolling_30d`, `hour`. */
  readonly kind: string;
  /** Distinguishes one stretch from the next: the period's first day for a month. */
  readonly name: string;
  readonly startsAtMs: number;
  /** The first instant past it. Room returns then; in a rolling window then at the soonest. */
  readonly resetsAtMs: number;
}

/** A maximum of one unit. A maximum of 0 is unlimited: it is counted all the same, so that a limit set later holds at once. */
export interface Limit {
  /** `user.month.tokens`. */
  readonly name: string;
  readonly unit: Unit;
  readonly max: number;
  readonly enforcement: Enforcement;
}

/** One counter of a call: a subject in a window, with the limits that hold there. Stored as one value. */
export interface Counter {
  readonly subject: Subject;
  readonly window: CounterWindow;
  readonly limits: readonly Limit[];
}

/** What a limit stands at. Amounts are in the limit's unit; money in nano-dollars. */
export interface LimitState extends Limit {
  readonly subject: Subject;
  readonly window: CounterWindow;
  readonly used: number;
  readonly reserved: number;
  /** It is a soft one that the call went past. */
  readonly exceeded?: true;
  /** When room returns, where that is known to be later than the window's end: in a rolling one. */
  readonly roomAtMs?: number;
}

/** The instant at which room returns. */
export function resetsAtOf({ roomAtMs, window }: Pick<LimitState, 'roomAtMs' | 'window'>): number {
  return roomAtMs ?? window.resetsAtMs;
}

/** A limit of a counter, and what it stands at. */
export function limitState(
  { subject, window }: Pick<Counter, 'subject' | 'window'>,
  { name, unit, max, enforcement }: Limit,
  { used, reserved }: Pick<LimitState, 'used' | 'reserved'>,
): LimitState {
  return { name, unit, max, enforcement, subject, window, used, reserved };
}

/** What is left of a limit; `Infinity` where it is unlimited, never below 0. */
export function remainingOf(state: Pick<LimitState, 'max' | 'used' | 'reserved'>): number {
  if (state.max === 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, state.max - state.used - state.reserved);
}
