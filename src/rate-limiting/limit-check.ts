import { validationFailed } from '../errors.js';

import { type Caller } from './domain/caller.js';
import { type LimitState } from './domain/limit.js';
import { type Operation } from './domain/operation.js';
import { type Period, periodAt, periodOfMonth, type Schedule } from './domain/period.js';

/** What is asked for, and by whom: the caller's ids beside the amounts, or as a caller that is at hand. */
export type LimitAsked = (Caller | { readonly caller: Caller }) & {
  readonly operation: Operation;
  /** Input and output together. */
  readonly tokens?: number;
  readonly calls?: number;
};

/** Whether there is room, and what every limit stands at. */
export interface LimitCheck {
  readonly allowed: boolean;
  readonly limits: LimitState[];
}

/** Whose usage is asked for, and of which period: by its first day or its month, `2026-11-01` or `2026-11`; else of the one that runs. */
export type UsageAsked = Caller & { readonly period?: string | undefined };

/** Who is asked about. */
export function callerOf(asked: LimitAsked): Caller {
  return 'caller' in asked ? asked.caller : asked;
}

/** Whether no hard limit denies such a call. */
export function allows(limits: readonly LimitState[], asked: LimitAsked): boolean {
  return limits.every(
    (limit) => limit.max === 0 || limit.enforcement !== 'hard' || hasRoom(limit, amountOf(limit, asked)),
  );
}

/** The period that a name means; `undefined` where it is the one that runs. */
export function otherPeriod(name: string, schedule: Schedule, nowMs: number): Period | undefined {
  const isName = /^\d{4}-\d{2}(-\d{2})?$/.test(name);
  const period = isName ? periodOfMonth(name.slice(0, 7), schedule) : undefined;
  if (!period || !period.name.startsWith(name)) {
    const message = `period must be a period's first day or month, such as ${periodAt(nowMs, schedule).name}`;
    throw validationFailed([{ path: 'period', message }]);
  }
  return period.name === periodAt(nowMs, schedule).name ? undefined : period;
}

function amountOf({ unit }: LimitState, { tokens = 0, calls = 1 }: LimitAsked): number {
  if (unit === 'tokens') return tokens;
  return unit === 'cost' ? 0 : calls;
}

/** Where nothing is asked of a unit, a limit that is spent to the last still has no room for a call. */
function hasRoom({ used, reserved, max }: LimitState, amount: number): boolean {
  return used + reserved + Math.max(1, amount) <= max;
}
