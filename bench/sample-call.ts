import { randomUUID } from 'node:crypto';

import { claimsOf } from '../src/rate-limiting/claims.js';
import { type ReserveCommand } from '../src/rate-limiting/domain/counters.js';
import { apiKeyId, userId } from '../src/rate-limiting/domain/ids.js';
import { type Counter, type LimitFields, NO_LIMITS } from '../src/rate-limiting/domain/limit.js';
import { type LimitOverride, resolveLimits } from '../src/rate-limiting/limits/resolve-limits.js';
import { newReservationId } from '../src/rate-limiting/reservation-ids.js';
import { type CallEstimate } from '../src/rate-limiting/reservation.js';

const MONTH = { billingDay: 1, timeZone: 'UTC' };
const PLENTY: LimitFields = {
  ...NO_LIMITS,
  monthlyTokenLimit: 9e12,
  monthlyCallLimit: 9e12,
  monthlyCostLimitNanoUsd: 9e15,
};
const OWN: LimitOverride = { limits: PLENTY, enforcement: null, isActive: true };

/** A chat call: 120 tokens in, up to 1,000 out. */
export const ESTIMATE: CallEstimate = {
  inputTokens: 120,
  output: { max: 1_000, min: 16, choices: 1 },
  baseCostNanoUsd: 18_000,
  outputCostNanoUsd: 600,
  priced: true,
  count: 1,
  provider: 'openai',
  model: 'gpt-4o-mini',
};

/** Somebody who calls with an API key: ids as long as real ones. */
export interface SampleCaller {
  readonly userId: string;
  readonly apiKeyId: string;
}

export function sampleCallers(count: number): SampleCaller[] {
  return Array.from({ length: count }, () => ({ userId: randomUUID(), apiKeyId: randomUUID() }));
}

/** The counters that such a call meets: four lines of the user, four of the key, in two hashes. */
export function countersOf(caller: SampleCaller): Counter[] {
  return resolveLimits({
    caller: { userId: userId(caller.userId), apiKeyId: apiKeyId(caller.apiKeyId) },
    user: { inherited: PLENTY, schedule: MONTH },
    apiKey: { own: OWN, schedule: MONTH },
    atMs: Date.now(),
    operation: 'llm_call',
  });
}

/** What the store is asked for such a call. */
export function reserveCommand(counters: readonly Counter[]): ReserveCommand {
  return {
    id: newReservationId(Date.now()),
    ttlMs: 600_000,
    elastic: { min: 16, max: 1_000 },
    counters: claimsOf(counters, ESTIMATE),
  };
}
