import { type Elastic } from './counters.js';
import { exceeds } from './decision.js';
import { type LimitState } from './limit.js';
import { type Claim } from './counters.js';

/** A limit's state and what the call claims of it. */
export interface ClaimedLimit {
  readonly limit: LimitState;
  readonly claim: Claim;
}

/** A call was denied: by which limits, the one that keeps the caller out longest first. */
export interface Denial {
  readonly kind: 'denied';
  readonly limits: readonly LimitState[];
  /** Until room returns in all of them. */
  readonly retryAfterMs: number;
}

/** Names every limit that even the smallest form of the call breaks. */
export function denialOf(claimed: readonly ClaimedLimit[], elastic: Elastic, nowMs: number): Denial {
  const limits = claimed
    .filter(({ limit, claim }) => claim.hard && exceeds({ claim, state: limit }, elastic.min))
    .map(({ limit }) => limit)
    .sort((a, b) => b.window.resetsAtMs - a.window.resetsAtMs);
  const last = limits[0]?.window.resetsAtMs ?? nowMs;
  return { kind: 'denied', limits, retryAfterMs: Math.max(0, last - nowMs) };
}

/** The soft limits that a reserved call went past; their states hold the call's own amount already. */
export function softExceeded(claimed: readonly ClaimedLimit[]): string[] {
  return claimed
    .filter(({ limit, claim }) => !claim.hard && limit.max > 0 && limit.used + limit.reserved > limit.max)
    .filter(({ limit }) => limit.enforcement === 'soft')
    .map(({ limit }) => limit.name);
}
