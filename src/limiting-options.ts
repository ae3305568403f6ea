import { type Settings } from './config/index.js';
import { type RateLimitingOptions } from './rate-limiting/index.js';

/** How the heart behaves by the settings: the same for the server and for the command line. */
export function limitingOptions({ rateLimiting, budgets }: Settings): RateLimitingOptions {
  const { enabled, storeFailure, reservationTtlSec, quotaTimezone, quotaWindowDays } = rateLimiting;
  return {
    enabled,
    storeFailure,
    reservationTtlMs: reservationTtlSec * 1000,
    timeZone: quotaTimezone,
    budgets: {
      hourlyNanoUsd: budgets.hourlyNanoUsd,
      breakerNanoUsd: budgets.circuitBreakerNanoUsd,
      breakerCooldownMs: budgets.circuitBreakerCooldownSec * 1000,
    },
    session: { maxNanoUsd: budgets.sessionNanoUsd, maxMs: budgets.sessionMaxMinutes * 60_000 },
    rolling: {
      days: quotaWindowDays,
      maxTokens: rateLimiting.defaultDailyQuotaTokens * quotaWindowDays,
      enforcement: rateLimiting.quotaEnforcement,
    },
  };
}
