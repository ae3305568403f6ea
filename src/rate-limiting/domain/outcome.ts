import { type Claim, type Elastic } from './counters.js';
import { amountOf, exceeds } from './decision.js';
import { type LimitState, resetsAtOf } from './limit.js';

/** A limit's state and what the call claims of it. */
export interface ClaimedLimit {
  readonly limit: LimitState;
  readonly claim: Claim;
  /** Of tomorrow's window: counted and held along with today's, and told of only where today's does not say it all. */
  readonly ahead: boolean;
}

/** A call was denied: by which limits, the one that keeps the caller out longest first. */
export interface Denial {
  readonly kind: 'denied';
  readonly limits: readonly LimitState[];
  /** Until room returns in all of them. */
  readonly retryAfterMs: number;
}

/** The hard limits that even the smallest form of the call breaks. */
export function brokenBy(claimed: readonly ClaimedLimit[], elastic: Elastic): LimitState[] {
  const broken = claimed.filter(
    ({ limit, claim }) => claim.hard && exceeds({ claim, state: limit }, elastic.min),
  );
  const told = new Set(broken.filter(({ ahead }) => !ahead).map(({ limit }) => nameOf(limit)));
  return broken.filter(({ ahead, limit }) => !ahead || !told.has(nameOf(limit))).map(({ limit }) => limit);
}

/** Denied by these limits. */
export function denialOf(broken: readonly LimitState[], nowMs: number): Denial {
  const limits = [...broken].sort((a, b) => resetsAtOf(b) - resetsAtOf(a));
  const last = limits[0] ? resetsAtOf(limits[0]) : nowMs;
  return { kind: 'denied', limits, retryAfterMs: Math.max(0, last - nowMs) };
}

/** A limit's state, marked where it is soft and `amount` is more than it allows. */
export function markExcess(limit: LimitState, amount: number): LimitState {
  const isPast = limit.enforcement === 'soft' && limit.max > 0 && amount > limit.max;
  return isPast ? { ...limit, exceeded: true } : limit;
}

/** The names of the soft limits that a call went past. */
export function softExceeded(limits: readonly LimitState[]): string[] {
  return limits.filter(({ exceeded }) => exceeded).map(({ name }) => name);
}

/** The shadow limits that would have denied a call of which `granted` elastic units are reserved, had they been hard. */
export function shadowDenied(
  claimed: readonly ClaimedLimit[],
  granted: number,
  elastic: Elastic,
): LimitState[] {
  const wouldDeny = ({ limit, claim }: ClaimedLimit) => {
    const before = { used: limit.used, reserved: limit.reserved - amountOf(claim, granted) };
    return exceeds({ claim, state: before }, elastic.min);
  };
  return claimed
    .filter((one) => !one.ahead && one.limit.enforcement === 'shadow' && wouldDeny(one))
    .map(({ limit }) => limit);
}

function nameOf({ name, subject }: LimitState): string {
  return `${name} ${subject.id}`;
}
