import { type CallEstimate, currentCallContext, type LimitState } from '../rate-limiting/index.js';

import { type Target } from './targets.js';

/** Where a call may go, and what it is expected to cost there, as the router asks for it. */
export interface PayableRoutes<Route extends Target> {
  readonly candidates: readonly Route[];
  readonly costOf: (route: Route) => number | undefined;
}

/** The targets of the reserved call in hand: who has a money limit is sent only where the price is known. */
export function payableRoutes<Route extends Target>(
  targets: readonly Route[],
  estimateAt: (target: Route) => CallEstimate,
): PayableRoutes<Route> {
  const reservation = currentCallContext()?.reservation;
  const priced = reservation?.limits.some(isMoneyLimit) ?? false;
  const costOf = (target: Route) => {
    const { baseCostNanoUsd, outputCostNanoUsd, output, ...estimate } = estimateAt(target);
    if (!estimate.priced) return undefined;
    const tokens = Math.min(reservation?.grantedOutputTokens ?? 0, output?.max ?? 0) * (output?.choices ?? 0);
    return baseCostNanoUsd + outputCostNanoUsd * tokens;
  };
  return { candidates: priced ? targets.filter((target) => estimateAt(target).priced) : targets, costOf };
}

function isMoneyLimit({ unit, max, enforcement }: LimitState): boolean {
  return unit === 'cost' && max > 0 && enforcement === 'hard';
}
