import { type Claim, type CounterClaims, type CounterRef, type Elastic } from './domain/counters.js';
import { type Counter, type Limit } from './domain/limit.js';
import { isRolling } from './domain/rolling.js';
import { type CallEstimate } from './reservation.js';

/** More than any model can say; so that no amount, in tokens or nano-dollars, outgrows what a number holds exactly. */
export const MOST_OUTPUT_TOKENS = 10_000_000;

/** Counters are kept for some days past their window, so that late settlements still find them. */
const KEPT_PAST_WINDOW_MS = 7 * 86_400_000;
/** A rolling window is followed by another each day: a late settlement is counted in that one. */
const KEPT_PAST_ROLLING_MS = 86_400_000;

/** Where a counter is kept. */
export function counterRef({ subject, window }: Counter): CounterRef {
  const keptMs = isRolling(window) ? KEPT_PAST_ROLLING_MS : KEPT_PAST_WINDOW_MS;
  return { subject, window: window.name, expiresAtMs: window.resetsAtMs + keptMs };
}

/** What a call asks of each of its counters. */
export function claimsOf(counters: readonly Counter[], estimate: CallEstimate): CounterClaims[] {
  return counters.map((counter) => ({
    counter: counterRef(counter),
    claims: counter.limits.map((limit) => claimOf(limit, estimate)),
  }));
}

/** The output tokens that the caller, its plan and its model allow: the elastic part of the call. */
export function elasticOf(estimate: CallEstimate, maxOutputTokens: number | null): Elastic {
  if (!estimate.output) return { min: 0, max: 0 };
  const max = Math.min(estimate.output.max, maxOutputTokens ?? MOST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS);
  return { min: Math.min(estimate.output.min, max), max };
}

function claimOf({ unit, max, enforcement }: Limit, estimate: CallEstimate): Claim {
  const hard = enforcement === 'hard';
  const choices = estimate.output?.choices ?? 0;
  switch (unit) {
    case 'tokens':
      return { unit, max, hard, base: estimate.inputTokens, perElastic: choices };
    case 'cost':
      return {
        unit,
        max,
        hard,
        base: estimate.baseCostNanoUsd,
        perElastic: estimate.outputCostNanoUsd * choices,
      };
    case 'calls':
      return { unit, max, hard, base: 1, perElastic: 0 };
    case 'script_generation':
    case 'video_generation':
    case 'image_generation':
    case 'llm_call':
    case 'embedding':
      return { unit, max, hard, base: estimate.count, perElastic: 0 };
  }
}
