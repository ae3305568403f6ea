import { type Caller, type Subject } from '../domain/caller.js';
import {
  type Counter,
  type CounterWindow,
  type Enforcement,
  type Limit,
  type LimitFields,
  NO_LIMITS,
} from '../domain/limit.js';
import { type Operation, OPERATIONS, type Unit } from '../domain/operation.js';
import { periodAt, type Schedule } from '../domain/period.js';

import { type Grant, withGrants } from './grants.js';

/** A RateLimit as far as it holds: limits of one subject's own. `0` is unlimited, `null` inherits. */
export interface LimitOverride {
  readonly limits: LimitFields;
  /** `null` is hard. It holds for every limit of the subject, also for those that a user inherits from the plan. */
  readonly enforcement: Enforcement | null;
  /** False: as if there were none. */
  readonly isActive: boolean;
}

/** One subject of a call: what it inherits, what is its own, and when its month turns. */
export interface LimitedSubject {
  readonly inherited?: LimitFields | undefined;
  readonly own?: LimitOverride | undefined;
  /** Room on top of its monthly limits. */
  readonly grants?: readonly Grant[] | undefined;
  readonly schedule: Schedule;
  /** Its plan limits tokens in a rolling window instead of the month. */
  readonly rolling?: boolean | undefined;
}

export interface ResolveInput {
  readonly caller: Caller;
  /** The caller's user; its limits are inherited from the plan. */
  readonly user: LimitedSubject;
  /** The caller's API key, which inherits nothing; its month follows its owner's schedule. */
  readonly apiKey: LimitedSubject;
  readonly atMs: number;
  /** Leaves out the other operations' lines; without it all of them are given. */
  readonly operation?: Operation | undefined;
}

/**
 * The counters that a call meets, with a line for every unit of it: what is unlimited (max 0) is counted all the
 * same, so that a limit set later holds at once. Rolling windows are `rollingCounters`' matter.
 */
export function resolveLimits(input: ResolveInput): Counter[] {
  const { caller } = input;
  const counters: Counter[] = [];
  if (caller.userId) counters.push(monthlyCounter({ kind: 'user', id: caller.userId }, input.user, input));
  if (caller.apiKeyId)
    counters.push(monthlyCounter({ kind: 'apiKey', id: caller.apiKeyId }, input.apiKey, input));
  return counters;
}

function monthlyCounter(subject: Subject, limited: LimitedSubject, input: ResolveInput): Counter {
  const own = limited.own?.isActive ? limited.own : undefined;
  const enforcement = own?.enforcement ?? 'hard';
  const window = monthWindow(input.atMs, limited.schedule);
  const limits = unitsOf(input.operation).map((unit): Limit => {
    const inherited = monthlyMaximum(unit, own?.limits) ?? monthlyMaximum(unit, limited.inherited) ?? 0;
    const max = limited.rolling && unit === 'tokens' ? 0 : inherited;
    const at = { unit, period: window.name, atMs: input.atMs };
    return {
      name: `${subject.kind}.month.${unit}`,
      unit,
      max: withGrants(max, limited.grants, at),
      enforcement,
    };
  });
  return { subject, window, limits };
}

function unitsOf(operation: Operation | undefined): Unit[] {
  return ['tokens', 'calls', 'cost', ...(operation ? [operation] : OPERATIONS)];
}

function monthWindow(atMs: number, schedule: Schedule): CounterWindow {
  const { name, startsAtMs, endsAtMs } = periodAt(atMs, schedule);
  return { kind: 'month', name, startsAtMs, resetsAtMs: endsAtMs };
}

/** What some limit fields say of a unit in a month; `null` where they say nothing. */
function monthlyMaximum(unit: Unit, fields: LimitFields = NO_LIMITS): number | null {
  switch (unit) {
    case 'tokens':
      return fields.monthlyTokenLimit;
    case 'calls':
      return fields.monthlyCallLimit;
    case 'cost':
      return fields.monthlyCostLimitNanoUsd;
    case 'script_generation':
      return fields.scriptGenerationLimit;
    case 'image_generation':
      return fields.imageGenerationLimit;
    case 'video_generation':
      return fields.videoGenerationLimit;
    case 'llm_call':
    case 'embedding':
      return null;
  }
}
