import { type Claim, type ClaimState, type Elastic } from './counters.js';

/** One claim and what its counter stands at before the call. */
export interface Weighed {
  readonly claim: Claim;
  readonly state: ClaimState;
}

/** What a claim asks for when `granted` elastic units are given: a whole number. */
export function amountOf(claim: Pick<Claim, 'base' | 'perElastic'>, granted: number): number {
  return Math.ceil(claim.base + claim.perElastic * granted);
}

/**
 * The largest elastic part that every hard limit has room for, or `undefined` where even the smallest has none.
 * `reserve.lua` computes the same, step by step.
 */
export function grant(elastic: Elastic, weighed: readonly Weighed[]): number | undefined {
  let granted = elastic.max;
  for (const { claim, state } of weighed) {
    if (claim.max === 0 || !claim.hard) continue;
    granted = Math.min(granted, largestFitting(claim, state, granted));
    if (granted < elastic.min) return undefined;
  }
  return granted;
}

/** Whether a claim goes past its maximum with `granted` elastic units. */
export function exceeds({ claim, state }: Weighed, granted: number): boolean {
  return claim.max > 0 && state.used + state.reserved + amountOf(claim, granted) > claim.max;
}

function largestFitting(claim: Claim, state: ClaimState, wanted: number): number {
  const room = claim.max - state.used - state.reserved;
  if (amountOf(claim, wanted) <= room) return wanted;
  if (claim.perElastic === 0) return -1;
  const fitting = Math.floor((room - claim.base) / claim.perElastic);
  // The division may round up by a hair, and a hair is an overshoot.
  return amountOf(claim, fitting) <= room ? fitting : fitting - 1;
}
