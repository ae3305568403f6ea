import { type ProviderError, type ProviderFailure } from '../provider-error.js';

/** What follows when a provider did not answer. */
export interface FailureRule {
  /** Whether another provider may do what this one did not: never where the fault is the caller's own. */
  readonly failover: boolean;
  /** How many times `PROVIDER_COOLDOWN_SEC` it is left alone. */
  readonly cooldowns: number;
  /** It named a time itself: it is not asked before, not even where nobody else is left. */
  readonly strict: boolean;
}

const NOT_ITS_FAULT: FailureRule = { failover: false, cooldowns: 0, strict: false };
const MAY_PASS: FailureRule = { failover: true, cooldowns: 1, strict: false };

export const FAILURE_RULES = {
  rate_limited: { failover: true, cooldowns: 1, strict: true },
  timeout: MAY_PASS,
  server_error: MAY_PASS,
  connection: MAY_PASS,
  rubbish: MAY_PASS,
  // Our key is wrong or our account is closed: that takes an operator, not a minute.
  auth: { failover: true, cooldowns: 10, strict: false },
  // It lacks one model, and may serve all others.
  not_found: { failover: true, cooldowns: 0, strict: false },
  bad_request: NOT_ITS_FAULT,
  aborted: NOT_ITS_FAULT,
} as const satisfies Record<ProviderFailure, FailureRule>;

/** A provider that asks for more is asked again all the same. */
const LONGEST_REST_MS = 24 * 3_600_000;

/** How long a provider is left alone after a failure, in ms: as long as it asks for, else by the rule. */
export function restAfter({ reason, retryAfterMs }: ProviderError, cooldownMs: number): number {
  const { cooldowns } = FAILURE_RULES[reason];
  if (cooldowns === 0) return 0;
  return Math.min(retryAfterMs ?? cooldowns * cooldownMs, LONGEST_REST_MS);
}
