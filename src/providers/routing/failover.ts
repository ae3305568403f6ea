import { inSpan } from '../../telemetry/index.js';
import { ProviderError } from '../provider-error.js';
import { type Candidate } from '../provider-registry.js';

import { callFailed, type FailedAttempt, failedAttempt } from './call-failure.js';
import { FAILURE_RULES } from './failure-rules.js';
import { type ProviderHealth } from './provider-health.js';
import { type ProviderPermits } from './provider-permits.js';
import { type RankedRoute } from './route-order.js';
import { type RoutedCall } from './routed-call.js';
import { countFailover, countNoPermits, countRequest, countWait } from './routing.metrics.js';
import { type RoutingFacts, traceAttempt, traceRouting } from './routing.trace.js';

export interface FailoverParts {
  readonly health: ProviderHealth;
  readonly permits: ProviderPermits;
  /** How long the whole call may wait for permits. */
  readonly permitWaitMs: number;
  readonly maxAttempts: number;
}

/** How a provider may be asked; `probe`: this call shows whether it is well again, and no other is sent meanwhile. */
type Admission = { readonly probe: boolean } | FailedAttempt;

/** One call on its way from provider to provider, until one answers. */
export class Failover<Answer, Route extends Candidate> {
  private readonly attempts = new Map<string, FailedAttempt>();
  private asked = 0;
  private waitLeftMs: number;
  /** Who failed last: the next one asked is gone on to from there. */
  private failedLast: string | undefined;

  constructor(
    private readonly call: RoutedCall<Answer, Route>,
    private readonly parts: FailoverParts,
  ) {
    this.waitLeftMs = parts.permitWaitMs;
  }

  /**
   * The first answer.
   * @throws CodedError with `attempts`: whom it was tried at, and what came of it.
   */
  async firstAnswer(routes: readonly RankedRoute<Route>[]): Promise<{ route: Route; answer: Answer }> {
    let routedTo: string | undefined;
    try {
      const first = await this.walk(routes);
      routedTo = first.route.provider.name;
      return first;
    } finally {
      traceRouting(() => this.facts(routedTo));
    }
  }

  private async walk(routes: readonly RankedRoute<Route>[]): Promise<{ route: Route; answer: Answer }> {
    // Whoever rests is passed over; only where that leaves nobody, it is asked before its time.
    for (const early of [false, true]) {
      for (const { route, state } of routes) {
        if (this.asked >= this.parts.maxAttempts) break;
        if (early && this.attempts.get(route.provider.name)?.reason !== 'cooling_down') continue;
        const admission = await this.admit(route.provider.name, state.standing === 'available', early);
        if ('reason' in admission) this.attempts.set(admission.provider, admission);
        else {
          const answered = await this.ask(route, admission.probe);
          if (answered) return { route, answer: answered.answer };
        }
      }
    }
    throw callFailed([...this.attempts.values()]);
  }

  private async admit(provider: string, well: boolean, early: boolean): Promise<Admission> {
    const { health } = this.parts;
    const probe = well ? 'available' : await health.probe(provider, early);
    if (probe === 'refused') return this.resting(provider);
    const permits = await this.permitsOf(provider, probe === 'granted');
    if ('reason' in permits) return permits;
    if (permits.waited && probe === 'available') {
      // It may have failed others while this call waited.
      const [now] = await health.of([provider]);
      if (now?.standing === 'cooling_down') {
        await this.giveBack(provider);
        return this.resting(provider);
      }
    }
    return { probe: probe === 'granted' };
  }

  private async resting(provider: string): Promise<FailedAttempt> {
    const [state] = await this.parts.health.of([provider]);
    return {
      provider,
      status: null,
      reason: 'cooling_down',
      retryAfterMs: Math.max(1_000, state?.restMs ?? 0),
    };
  }

  private async permitsOf(provider: string, probe: boolean): Promise<{ waited: boolean } | FailedAttempt> {
    const { permits, health } = this.parts;
    try {
      const { signal } = this.call;
      const outcome = await permits.acquire({ provider, timeoutMs: this.waitLeftMs, signal });
      if (outcome.kind === 'acquired') {
        this.waitLeftMs = Math.max(0, this.waitLeftMs - outcome.waitedMs);
        countWait(provider, outcome.waitedMs);
        return { waited: outcome.waitedMs > 0 };
      }
      countNoPermits(provider);
      this.failedLast = provider;
      if (probe) await health.endProbe(provider, false);
      return { provider, status: null, reason: 'no_permits', retryAfterMs: outcome.retryAfterMs };
    } catch (error) {
      if (probe) await health.endProbe(provider, false);
      throw error;
    }
  }

  /** @returns `undefined` where another provider may do it. */
  private async ask(route: Route, probe: boolean): Promise<{ answer: Answer } | undefined> {
    const { health } = this.parts;
    const { name } = route.provider;
    if (this.failedLast !== undefined) countFailover(this.failedLast, name);
    this.asked++;
    try {
      const answer = await this.timed(route);
      if (probe) await health.endProbe(name, true);
      return { answer };
    } catch (error) {
      if (error instanceof ProviderError) return this.failed(error, probe);
      if (probe) await health.endProbe(name, false);
      throw error;
    }
  }

  private timed(route: Route): Promise<Answer> {
    const { health, permitWaitMs } = this.parts;
    const { measure, operation, run } = this.call;
    const provider = route.provider.name;
    const startedAt = performance.now();
    const seen = (outcome: string) => {
      const tookMs = performance.now() - startedAt;
      countRequest(provider, { operation: measure ?? operation, outcome, tookMs });
      return tookMs;
    };
    return inSpan('provider', async (span) => {
      traceAttempt(span, { provider, model: route.model.name, waitedMs: permitWaitMs - this.waitLeftMs });
      try {
        const answer = await run(route);
        health.took(provider, measure ?? operation, seen('answered'));
        return answer;
      } catch (error) {
        seen(error instanceof ProviderError ? error.reason : 'internal_error');
        throw error;
      }
    });
  }

  private facts(routedTo: string | undefined): RoutingFacts {
    const failed = [...this.attempts.values()];
    return {
      ...(routedTo !== undefined && { routedTo }),
      failedAttempts: failed.length,
      rateLimited: failed.some(({ reason }) => reason === 'rate_limited' || reason === 'no_permits'),
      waitedMs: this.parts.permitWaitMs - this.waitLeftMs,
    };
  }

  private async failed(error: ProviderError, probe: boolean): Promise<undefined> {
    const { health } = this.parts;
    const { provider, reason, neverSent } = error;
    const { cooldowns, failover } = FAILURE_RULES[reason];
    if (neverSent) await this.giveBack(provider);
    const restMs = failover ? await health.failed(error) : 0;
    // Whoever refuses a request, or does not have a model, is there.
    if (probe && cooldowns === 0) await health.endProbe(provider, reason !== 'aborted');
    this.attempts.set(provider, failedAttempt(error, restMs));
    this.failedLast = provider;
    if (!failover) throw callFailed([...this.attempts.values()]);
  }

  /** What cannot be put back flows in again by itself. */
  private giveBack(provider: string): Promise<void> {
    return this.parts.permits.release({ provider }).catch(() => undefined);
  }
}
