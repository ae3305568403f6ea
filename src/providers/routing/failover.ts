import { inSpan } from '../../telemetry/index.js';
import { ProviderError } from '../provider-error.js';
import { type Candidate } from '../provider-registry.js';

import { byProvider } from './by-provider.js';
import { callFailed, type FailedAttempt, failedAttempt } from './call-failure.js';
import { FAILURE_RULES } from './failure-rules.js';
import { placeOf } from './place.js';
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

interface Asking {
  readonly well: boolean;
  /** Before its rest is over. */
  readonly early: boolean;
  /** Without waiting for permits: others are asked next. */
  readonly passing: boolean;
}

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
      for (const { route, state, passing } of stepsOf(routes)) {
        if (this.asked >= this.parts.maxAttempts) break;
        const former = this.attempts.get(placeOf(route))?.reason;
        if (former !== undefined && former !== (early ? 'cooling_down' : 'no_permits')) continue;
        if (early && former === undefined) continue;
        const admission = await this.admit(route, { well: state.standing === 'available', early, passing });
        if ('reason' in admission) this.attempts.set(placeOf(route), admission);
        else {
          const answered = await this.ask(route, admission.probe);
          if (answered) return { route, answer: answered.answer };
        }
      }
    }
    throw callFailed([...this.attempts.values()]);
  }

  private async admit(route: Route, { well, early, passing }: Asking): Promise<Admission> {
    const { health } = this.parts;
    const place = placeOf(route);
    const probe = well ? 'available' : await health.probe(place, early, route.provider.name);
    if (probe === 'refused') return this.resting(route);
    const permits = await this.permitsOf(route, { probe: probe === 'granted', passing });
    if ('reason' in permits) return permits;
    if (permits.waited && probe === 'available') {
      // It may have failed others while this call waited.
      const [now] = await health.of([place]);
      if (now?.standing === 'cooling_down') {
        await this.giveBack(route);
        return this.resting(route);
      }
    }
    return { probe: probe === 'granted' };
  }

  private async resting(route: Route): Promise<FailedAttempt> {
    const [state] = await this.parts.health.of([placeOf(route)]);
    return {
      provider: route.provider.name,
      status: null,
      reason: 'cooling_down',
      retryAfterMs: Math.max(1_000, state?.restMs ?? 0),
    };
  }

  private async permitsOf(
    route: Route,
    { probe, passing }: { readonly probe: boolean; readonly passing: boolean },
  ): Promise<{ waited: boolean } | FailedAttempt> {
    const { permits, health } = this.parts;
    const { ownKey } = route;
    const { name: provider } = route.provider;
    try {
      const { signal } = this.call;
      const timeoutMs = passing ? 0 : this.waitLeftMs;
      const outcome = await permits.acquire({ provider, ownKey, timeoutMs, signal });
      if (outcome.kind === 'acquired') {
        this.waitLeftMs = Math.max(0, this.waitLeftMs - outcome.waitedMs);
        countWait(provider, outcome.waitedMs);
        return { waited: outcome.waitedMs > 0 };
      }
      countNoPermits(provider);
      this.failedLast = provider;
      if (probe) await health.endProbe(placeOf(route), false);
      return { provider, status: null, reason: 'no_permits', retryAfterMs: outcome.retryAfterMs };
    } catch (error) {
      if (probe) await health.endProbe(placeOf(route), false);
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
      if (probe) await health.endProbe(placeOf(route), true);
      return { answer };
    } catch (error) {
      if (error instanceof ProviderError) return this.failed(route, error, probe);
      if (probe) await health.endProbe(placeOf(route), false);
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
        health.took(placeOf(route), measure ?? operation, seen('answered'));
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

  private async failed(route: Route, error: ProviderError, probe: boolean): Promise<undefined> {
    const { health } = this.parts;
    const { provider, reason, neverSent } = error;
    const { cooldowns, failover } = FAILURE_RULES[reason];
    const place = placeOf(route);
    if (neverSent) await this.giveBack(route);
    const restMs = failover ? await health.failed(error, place) : 0;
    // A key that is spent or refused is no provider that failed: its sisters may all be tried.
    if (route.ownKey && (reason === 'rate_limited' || reason === 'auth')) this.asked--;
    // Whoever refuses a request, or does not have a model, is there.
    if (probe && cooldowns === 0) await health.endProbe(place, reason !== 'aborted');
    const withOwnKey = route.ownKey !== undefined;
    this.attempts.set(place, { ...failedAttempt(error, restMs), withOwnKey });
    this.failedLast = provider;
    if (!failover) throw callFailed([...this.attempts.values()]);
  }

  /** What cannot be put back flows in again by itself. */
  private giveBack({ provider, ownKey }: Route): Promise<void> {
    return this.parts.permits.release({ provider: provider.name, ownKey }).catch(() => undefined);
  }
}

/** Of several keys at one provider each is first asked whether it has a permit now; only then is one waited for. */
function stepsOf<Route extends Candidate>(
  routes: readonly RankedRoute<Route>[],
): readonly (RankedRoute<Route> & { readonly passing: boolean })[] {
  return byProvider(routes).flatMap((group) => {
    const waiting = group.map((route) => ({ ...route, passing: false }));
    return group.length > 1 ? [...waiting.map((step) => ({ ...step, passing: true })), ...waiting] : waiting;
  });
}
