import {
  counter,
  elapsedSeconds,
  gauge,
  histogram,
  lowestSeen,
  plainCounter,
  SHORT_SECONDS,
} from '../telemetry/index.js';

import { type LimitState, remainingOf } from './domain/limit.js';
import { NANO_PER_USD } from './domain/money.js';
import { type Operation } from './domain/operation.js';
import { BREAKER_LIMIT } from './domain/system-budgets.js';
import { type UsageEntry } from './domain/usage.js';
import { type Outcome } from './reserving.js';

const RESERVED = histogram(
  {
    name: 'reservation_duration_seconds',
    help: 'How long a call was checked against all of its limits, and its amounts held.',
    labels: ['operation', 'outcome'],
  },
  SHORT_SECONDS,
);
const CALLS = counter({
  name: 'metered_calls_total',
  help: 'Metered calls that came to their end: settled, expired, failed_after_output, released or denied.',
  labels: ['operation', 'outcome'],
});
const QUOTA_EXCEEDED = counter({
  name: 'llm_quota_exceeded_total',
  help: 'Calls that met a quota without room for them, by the name of the limit. Soft and shadow ones went through.',
  labels: ['limit', 'enforcement'],
});
const BUDGET_EXCEEDED = counter({
  name: 'budget_exceeded_total',
  help: 'Calls that met a money limit without room for them, by the name of the limit. Soft and shadow ones went through.',
  labels: ['limit', 'enforcement'],
});
const UNCOUNTED = plainCounter({
  name: 'uncounted_calls_total',
  help: 'Calls that went through while the counters could not be reached (STORE_FAILURE=open).',
});
const STORE_FAILURES = plainCounter({
  name: 'counter_store_failures_total',
  help: 'Calls that met counters that could not be reached.',
});
const TOKENS = counter({
  name: 'token_usage_total',
  help: 'Tokens that were charged.',
  labels: ['provider', 'model', 'type'],
});
const COST = counter({
  name: 'api_cost_total_usd',
  help: 'Money that was charged, in US dollars.',
  labels: ['provider', 'model'],
});
const ESTIMATED = counter({
  name: 'estimated_calls_total',
  help: 'Calls that were charged without a count by their provider.',
  labels: ['provider'],
});
const WORKFLOW_LEFT = lowestSeen({
  name: 'workflow_quota_remaining_tokens',
  help: 'The least that was left of any workflow quota, of the calls settled within the last one to two minutes.',
});

/** How many counters differed from the ledger and were read anew. Should read 0. */
export const DRIFTS = plainCounter({
  name: 'counter_drift_total',
  help: 'Counters that had drifted from the ledger and were read anew. Should be 0.',
});
/** Reservations that this process has not ended yet. */
export const HELD = gauge({
  name: 'reservations_held',
  help: 'Reservations of calls under way in this process.',
});
/** Ended by the sweeper, whatever became of them. */
export const SWEPT = plainCounter({
  name: 'reservations_swept_total',
  help: 'Overdue reservations that this process ended: their own process had died.',
});

/** A call was checked against its limits. */
export function countReserve(operation: Operation, outcome: Outcome, startedAt: number): void {
  RESERVED.observe({ operation, outcome: outcome.kind }, elapsedSeconds(startedAt));
  if (outcome.kind === 'denied') {
    CALLS.add({ operation, outcome: 'denied' });
    for (const limit of outcome.limits) countExceeded(limit);
    return;
  }
  const { shadowDenied, limits, passedCounters } = outcome.reservation;
  if (passedCounters.length > 0) UNCOUNTED.add({});
  for (const limit of limits) if (limit.exceeded || shadowDenied.includes(limit.name)) countExceeded(limit);
}

function countExceeded({ name, unit, enforcement }: LimitState): void {
  (unit === 'cost' ? BUDGET_EXCEEDED : QUOTA_EXCEEDED).add({ limit: name, enforcement });
}

/** A call was refused since the circuit breaker is open. */
export function countRefused(operation: Operation): void {
  CALLS.add({ operation, outcome: 'denied' });
  BUDGET_EXCEEDED.add({ limit: BREAKER_LIMIT, enforcement: 'hard' });
}

/** The counters could not be reached for a call. */
export function countStoreFailure(): void {
  STORE_FAILURES.add({});
}

/** A call became a row of the ledger. */
export function countRow(entry: UsageEntry): void {
  const { provider, model, operation, status } = entry;
  CALLS.add({ operation, outcome: status });
  if (entry.inputTokens > 0) TOKENS.add({ provider, model, type: 'input' }, entry.inputTokens);
  if (entry.outputTokens > 0) TOKENS.add({ provider, model, type: 'output' }, entry.outputTokens);
  COST.add({ provider, model }, entry.costNanoUsd / NANO_PER_USD);
  if (entry.estimated) ESTIMATED.add({ provider });
}

/** A call was given back. */
export function countRelease(operation: Operation): void {
  CALLS.add({ operation, outcome: 'released' });
}

/** What a settled call left of its limits. */
export function noteRoomLeft(limits: readonly LimitState[]): void {
  for (const limit of limits) {
    if (limit.subject.kind === 'workflow' && limit.unit === 'tokens' && limit.max > 0)
      WORKFLOW_LEFT.note({}, remainingOf(limit));
  }
}
