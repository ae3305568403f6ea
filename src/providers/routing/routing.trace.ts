import { type Span } from '@opentelemetry/api';

import { currentCallContext } from '../../rate-limiting/index.js';

/** How one call found its way, for its span. */
export interface RoutingFacts {
  /** Who answered; none where nobody did. */
  readonly routedTo?: string;
  /** Whoever was tried before, or in vain. */
  readonly failedAttempts: number;
  readonly rateLimited: boolean;
  readonly waitedMs: number;
}

/** Tells the span of the guarded call in hand; nothing is done while nothing is traced. */
export function traceRouting(facts: () => RoutingFacts): void {
  const span = currentCallContext()?.trace?.span;
  if (!span) return;
  const { routedTo, failedAttempts, rateLimited, waitedMs } = facts();
  span.setAttributes({
    'llm.failover_attempts': failedAttempts,
    'llm.rate_limited': rateLimited,
    'llm.ratelimit_wait_ms': Math.round(waitedMs),
    'llm.ratelimit_acquired': routedTo !== undefined,
    ...(routedTo !== undefined && { 'llm.routed_to': routedTo, 'llm.ratelimit_provider': routedTo }),
  });
}

/** One request to a provider. */
export function traceAttempt(
  span: Span | undefined,
  asked: { readonly provider: string; readonly model: string; readonly waitedMs: number },
): void {
  span?.setAttributes({
    'llm.ratelimit_provider': asked.provider,
    'llm.ratelimit_acquired': true,
    'llm.ratelimit_wait_ms': Math.round(asked.waitedMs),
    'llm.model': asked.model,
  });
}
