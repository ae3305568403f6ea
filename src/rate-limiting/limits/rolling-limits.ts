import { type Caller, type Subject, type SubjectKind } from '../domain/caller.js';
import { type Counter, type CounterWindow, type Enforcement } from '../domain/limit.js';
import { rollingDaysOf, rollingWindowsAt } from '../domain/rolling.js';
import { workflowPotOf } from '../domain/workflow-pot.js';

import { withRollingGrants } from './grants.js';
import { type LimitedSubject, type LimitOverride } from './resolve-limits.js';

/** The rolling quota of workspaces and workflows that have no RateLimit. */
export interface RollingDefaults {
  /** How many days their windows have. */
  readonly days: number;
  /** Over all of these days; 0 is unlimited. */
  readonly maxTokens: number;
  readonly enforcement: Enforcement;
}

/** Unlimited, for a host that says nothing of workspaces and workflows. */
export const NO_ROLLING_DEFAULTS: RollingDefaults = { days: 30, maxTokens: 0, enforcement: 'soft' };

/** A user's rolling window is no setting: a plan is sold by it. */
export const USER_ROLLING_DAYS = 30;

export interface RollingInput {
  readonly caller: Caller;
  /** The user, with a rolling quota where its plan or a RateLimit of its own says so. */
  readonly user?: LimitedSubject | undefined;
  readonly workspace?: readonly LimitOverride[];
  /** The workflow's RateLimits, the most particular first. */
  readonly workflow?: readonly LimitOverride[];
  readonly defaults: RollingDefaults;
  readonly atMs: number;
  /** QUOTA_TIMEZONE, whose days all rolling windows are made of. */
  readonly timeZone: string;
}

/** Whether a user has a rolling quota: on a rolling plan, or with a rolling limit of its own, which holds beside those of the month. */
export function isRollingUser({ rolling, own }: LimitedSubject): boolean {
  return rolling === true || (own?.isActive === true && (own.limits.rollingTokenLimit ?? 0) > 0);
}

/** A user's rolling window of an instant and the one after it, whether or not a limit holds there. */
export function userWindowsAt(user: string, atMs: number, timeZone: string): Counter[] {
  const { current, next } = rollingWindowsAt(atMs, { days: USER_ROLLING_DAYS, timeZone });
  return [current, next].map((window) => ({ subject: { kind: 'user', id: user }, window, limits: [] }));
}

/** A subject's rolling counters: today's window, and tomorrow's. */
export interface RollingCounters {
  readonly counters: readonly Counter[];
  readonly ahead: readonly Counter[];
}

/** One rolling quota: whose, how long, and how much. */
interface RollingQuota {
  readonly subject: Subject;
  readonly days: number;
  readonly max: number;
  readonly enforcement: Enforcement;
}

/** The rolling counters that a call meets: those of its workspace and workflow, and its user's where that has one. */
export function rollingCounters(input: RollingInput): RollingCounters {
  const windows = quotasOf(input).map(({ subject, days, ...limit }) => {
    const { current, next } = rollingWindowsAt(input.atMs, { days, timeZone: input.timeZone });
    const limits = [{ name: `${subject.kind}.rolling.tokens`, unit: 'tokens' as const, ...limit }];
    return { current: { subject, window: current, limits }, next: { subject, window: next, limits } };
  });
  // A window of one day counts nothing of the day before it.
  const ahead = windows.map(({ next }) => next).filter(({ window }) => !isOneDay(window));
  return { counters: windows.map(({ current }) => current), ahead };
}

function isOneDay(window: CounterWindow): boolean {
  const span = rollingDaysOf(window);
  return span?.firstDay === span?.lastDay;
}

function quotasOf(input: RollingInput): RollingQuota[] {
  const { caller, user, defaults } = input;
  const pot = workflowPotOf(caller);
  return [
    ...(caller.userId && user ? [quotaOfUser(caller.userId, user, input.atMs)] : []),
    ...(caller.workspaceId === undefined
      ? []
      : [quotaOf('workspace', caller.workspaceId, defaults, input.workspace)]),
    ...(pot === undefined ? [] : [quotaOf('workflow', pot, defaults, input.workflow)]),
  ];
}

/** Of the user's own RateLimit, else of the plan. Where neither has a rolling limit, the monthly amount holds for the window. */
function quotaOfUser(id: string, { own, inherited, grants }: LimitedSubject, atMs: number): RollingQuota {
  const active = own?.isActive ? own : undefined;
  const said = [active?.limits, inherited];
  const max =
    firstSaid(said.map((fields) => fields?.rollingTokenLimit)) ??
    firstSaid(said.map((fields) => fields?.monthlyTokenLimit)) ??
    0;
  return {
    subject: { kind: 'user', id },
    days: USER_ROLLING_DAYS,
    max: withRollingGrants(max, grants, atMs),
    enforcement: active?.enforcement ?? 'hard',
  };
}

function quotaOf(
  kind: SubjectKind,
  id: string,
  defaults: RollingDefaults,
  overrides: readonly LimitOverride[] = [],
): RollingQuota {
  const active = overrides.filter(({ isActive }) => isActive);
  const max = firstSaid(active.map(({ limits }) => limits.rollingTokenLimit));
  const enforcement = firstSaid(active.map((one) => one.enforcement));
  return {
    subject: { kind, id },
    days: defaults.days,
    max: max ?? defaults.maxTokens,
    enforcement: enforcement ?? defaults.enforcement,
  };
}

/** The first that is not left to be inherited. */
function firstSaid<T>(values: readonly (T | null | undefined)[]): T | undefined {
  return values.find((value) => value !== null && value !== undefined) ?? undefined;
}
