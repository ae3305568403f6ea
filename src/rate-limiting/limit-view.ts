import { type Unit } from './domain/operation.js';
import { type CounterWindow, type LimitState, remainingOf, resetsAtOf } from './domain/limit.js';
import { formatUsd } from './domain/money.js';
import { isRolling } from './domain/rolling.js';

/** A limit as answers show it. Money is a decimal string of USD, all else a number. A `max` of 0 is unlimited: nothing remains to be told. */
export interface LimitView {
  readonly name: string;
  readonly unit: Unit;
  readonly window: string;
  readonly max: number | string;
  readonly used: number | string;
  readonly reserved: number | string;
  readonly remaining: number | string | null;
  readonly resetAt: string;
  /** Of a rolling window: its first instant, and the first past it. */
  readonly windowStart?: string;
  readonly windowEnd?: string;
}

/** Shows a limit to the one whom it counts. */
export function limitView(state: LimitState): LimitView {
  const amount = (value: number) => (state.unit === 'cost' ? formatUsd(value) : value);
  const limited = state.max > 0;
  return {
    name: state.name,
    unit: state.unit,
    window: state.window.kind,
    max: amount(state.max),
    used: amount(state.used),
    reserved: amount(state.reserved),
    remaining: limited ? amount(remainingOf(state)) : null,
    resetAt: new Date(resetsAtOf(state)).toISOString(),
    ...(isRolling(state.window) && endsOf(state.window)),
  };
}

function endsOf({ startsAtMs, resetsAtMs }: CounterWindow) {
  return {
    windowStart: new Date(startsAtMs).toISOString(),
    windowEnd: new Date(resetsAtMs).toISOString(),
  };
}
