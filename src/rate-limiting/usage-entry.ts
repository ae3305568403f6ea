import { type HeldCounter, type Hold } from './domain/counters.js';
import { limitState, type LimitState } from './domain/limit.js';
import { type Unit } from './domain/operation.js';
import { markExcess } from './domain/outcome.js';
import { type ActualUsage, unitAmountsOf, type UsageEntry, type UsageStatus } from './domain/usage.js';
import { type CallEstimate, type Reservation } from './reservation.js';
import { type SoftUse } from './soft-use.js';

/** The ledger row of a reservation that came to an end. */
export function usageEntryOf(
  reservation: Reservation,
  actual: ActualUsage,
  end: { readonly status: UsageStatus; readonly latencyMs: number; readonly softExceeded: readonly string[] },
): UsageEntry {
  const { resourceId, metadata = {} } = actual;
  const soft = end.softExceeded;
  const counts = countsOf(reservation, actual);
  return {
    id: reservation.id,
    caller: reservation.caller,
    operation: reservation.operation,
    provider: actual.provider,
    model: actual.model,
    inputTokens: actual.inputTokens,
    outputTokens: actual.outputTokens,
    totalTokens: counts.totalTokens,
    calls: counts.calls,
    operationCount: counts.operationCount,
    costNanoUsd: counts.costNanoUsd,
    status: end.status,
    estimated: actual.estimated,
    softExceeded: soft.length > 0,
    resourceId,
    metadata: soft.length > 0 ? { ...metadata, softExceeded: soft } : metadata,
    estimatedTokens: estimatedTokens(reservation),
    latencyMs: end.latencyMs,
    day: reservation.day,
    localDay: reservation.localDay,
  };
}

/** What a call is taken to have used where nothing better is known: all that was reserved for it. */
export function usageAtEstimate(reservation: Reservation): ActualUsage {
  const { estimate, grantedOutputTokens } = reservation;
  const outputTokens = grantedOutputTokens * (estimate.output?.choices ?? 0);
  return {
    provider: estimate.provider,
    model: estimate.model,
    inputTokens: estimate.inputTokens,
    outputTokens,
    costNanoUsd: Math.ceil(estimate.baseCostNanoUsd + estimate.outputCostNanoUsd * outputTokens),
    count: estimate.count,
    estimated: true,
  };
}

/**
 * The limits of a call as its own settlement leaves them; other calls may have moved them since. Soft ones that it is
 * known to go past are marked. Asked once a call, since what it used is noted.
 */
export function settledLimits(reservation: Reservation, actual: ActualUsage, soft: SoftUse): LimitState[] {
  const used = unitAmountsOf({ ...countsOf(reservation, actual), operation: reservation.operation });
  return reservation.limits.map((limit) => {
    const held = heldCounterOf(limit, reservation.hold);
    const before = limit.enforcement === 'soft' ? soft.usedBefore(limit, held) : limit.used;
    const state = limitState(limit, limit, {
      used: before + (used[limit.unit] ?? 0),
      reserved: Math.max(0, limit.reserved - heldOf(limit.unit, held)),
    });
    if (limit.enforcement === 'soft') soft.note(state, held);
    return markExcess(state, state.used);
  });
}

function heldCounterOf({ subject, window }: LimitState, hold: Hold | undefined): HeldCounter | undefined {
  return hold?.counters.find(
    ({ counter }) =>
      counter.window === window.name &&
      counter.subject.id === subject.id &&
      counter.subject.kind === subject.kind,
  );
}

function heldOf(unit: Unit, held: HeldCounter | undefined): number {
  return held?.amounts.find((one) => one.unit === unit)?.amount ?? 0;
}

/** What counters and ledger alike count of a call. */
function countsOf({ estimate }: Reservation, actual: ActualUsage) {
  return {
    totalTokens: actual.totalTokens ?? actual.inputTokens + actual.outputTokens,
    calls: 1,
    operationCount: actual.count ?? estimate.count,
    costNanoUsd: actual.costNanoUsd,
  };
}

function estimatedTokens({ estimate, grantedOutputTokens }: Reservation): number {
  return estimate.inputTokens + grantedOutputTokens * (estimate.output?.choices ?? 0);
}

/** What work that was done elsewhere would have been estimated at: what it used. */
export function estimateAsUsed(usage: ActualUsage): CallEstimate {
  return {
    inputTokens: usage.totalTokens ?? usage.inputTokens + usage.outputTokens,
    baseCostNanoUsd: usage.costNanoUsd,
    outputCostNanoUsd: 0,
    priced: true,
    count: usage.count ?? 1,
    provider: usage.provider,
    model: usage.model,
  };
}
