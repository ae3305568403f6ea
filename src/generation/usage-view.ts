import {
  type ActualUsage,
  currentCallContext,
  formatUsd,
  type LimitView,
  limitView,
} from '../rate-limiting/index.js';

/** What a call used, as our own endpoints tell it. */
export interface UsageView {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly costUsd: string;
  /** No count came from the provider. */
  readonly estimated: boolean;
}

/** Of a call that ends, and of the row that one has left. */
export function usageView(usage: Omit<ActualUsage, 'resourceId'>): UsageView {
  const { inputTokens, outputTokens, totalTokens = inputTokens + outputTokens } = usage;
  return {
    inputTokens,
    outputTokens,
    totalTokens,
    costUsd: formatUsd(usage.costNanoUsd),
    estimated: usage.estimated,
  };
}

/** The id of the ledger row that the call in hand leaves, and what its limits stand at. */
export function meteredView(): { id: string; limits: LimitView[] } {
  const call = currentCallContext();
  if (!call?.reservation) throw new Error('A metered answer was made outside of a metered call.');
  const limits = (call.limits ?? []).filter(({ max }) => max > 0);
  return { id: call.reservation.id, limits: limits.map(limitView) };
}
