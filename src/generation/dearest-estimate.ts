import { type CallEstimate } from '../rate-limiting/index.js';

import { type OneOrMore } from './targets.js';

/**
 * What a call uses at most, whoever of its targets answers: it is reserved once, before that is known. Where one of
 * them has a price the call has: those without are not asked for who has a money limit (`payableRoutes`).
 */
export function dearestOf<Target>(
  [first, ...others]: OneOrMore<Target>,
  estimateAt: (target: Target) => CallEstimate,
): CallEstimate {
  const estimate = estimateAt(first);
  const estimates = [estimate, ...others.map(estimateAt)];
  const most = (of: (one: CallEstimate) => number) => Math.max(...estimates.map(of));
  return {
    ...estimate,
    inputTokens: most(({ inputTokens }) => inputTokens),
    ...(estimate.output && { output: { ...estimate.output, max: most(({ output }) => output?.max ?? 0) } }),
    baseCostNanoUsd: most(({ baseCostNanoUsd }) => baseCostNanoUsd),
    outputCostNanoUsd: most(({ outputCostNanoUsd }) => outputCostNanoUsd),
    priced: estimates.some(({ priced }) => priced),
  };
}
