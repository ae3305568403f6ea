import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { CodedError } from '../../errors.js';
import { PriceTable } from '../../pricing/index.js';
import { currentCallContext, type Operation } from '../../rate-limiting/index.js';
import { type Candidate, type WantedModel } from '../provider-registry.js';

import { callFailed } from './call-failure.js';
import { Failover } from './failover.js';
import { KeyTurns } from './key-turns.js';
import { OwnProviders } from './own-providers.js';
import { placeOf } from './place.js';
import { ProviderHealth } from './provider-health.js';
import { ProviderPermits } from './provider-permits.js';
import { type RankedRoute, ranked, withMostLeftFirst } from './route-order.js';
import { type FailoverOptions, type RoutedCall } from './routed-call.js';
import { ROUTING_POLICIES } from './routing-policies.js';
import { usualCost } from './usual-cost.js';

/** Finds the provider for a call: by `ROUTING_POLICY`, among those that are well; and the next where one fails. */
@Injectable()
export class ProviderRouter {
  private readonly turns = new KeyTurns();

  constructor(
    private readonly own: OwnProviders,
    private readonly health: ProviderHealth,
    private readonly permits: ProviderPermits,
    private readonly prices: PriceTable,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Everyone who serves what is asked for, in the order of `PROVIDER_ORDER`; to a call in a workspace's name
   * its own keys come first, each by itself.
   * @throws CodedError `not_found` where nobody does, naming what is served.
   */
  async candidates(wanted: WantedModel): Promise<readonly [Candidate, ...Candidate[]]> {
    const found = await this.own.candidates(wanted);
    if (found.kind === 'found') return found.candidates;
    const param = found.kind === 'unknown_model' ? 'model' : 'provider';
    throw new CodedError('not_found', found.message, { param });
  }

  /** As `candidates`, for realtime sessions; nobody where the model is no realtime one. */
  realtime(model: string): Promise<readonly Candidate[]> {
    return this.own.realtime(model);
  }

  /**
   * Who would be asked now: the preferred where it serves it and is well, else by the policy. Holds nothing.
   * @throws CodedError `not_found` where nobody serves it, `providers_exhausted` where all of them cool down.
   */
  async selectProvider(wanted: {
    readonly operation: Operation;
    readonly model?: string;
    readonly preferred?: string;
  }): Promise<Candidate> {
    const { operation, model, preferred } = wanted;
    const routes = await this.ranked({
      operation,
      preferred,
      candidates: await this.candidates({ operation, model }),
    });
    const asked = routes.find(({ state }) => state.standing !== 'cooling_down');
    if (asked) return asked.route;
    throw callFailed(
      routes.map(({ route, state }) => ({
        provider: route.provider.name,
        status: null,
        reason: 'cooling_down',
        retryAfterMs: state.restMs,
      })),
    );
  }

  /**
   * The first answer to a call. A provider that has no room, fails on its side, takes too long or refuses our key is
   * followed by the next, and cools down; one that refuses the request itself is not. Who answered is in the context
   * of the call.
   * @throws CodedError `provider_failed`, `providers_exhausted` or `provider_timeout` with `attempts`;
   *   `validation_failed` or `not_found` in the provider's own words; `client_closed_request` where the signal ended it.
   */
  async executeWithFailover<Answer, Route extends Candidate>(
    call: RoutedCall<Answer, Route>,
    { maxAttempts = this.settings.routing.maxAttempts }: FailoverOptions = {},
  ): Promise<Answer> {
    const routes = await this.ranked(call);
    const { permitWaitMs } = this.settings.routing;
    const { health, permits } = this;
    const failover = new Failover(call, { health, permits, permitWaitMs, maxAttempts });
    const { answer, route } = await failover.firstAnswer(routes);
    const context = currentCallContext();
    if (context) context.provider = route.provider.name;
    return answer;
  }

  private async ranked<Route extends Candidate>(
    call: Omit<RoutedCall<unknown, Route>, 'run'>,
  ): Promise<readonly RankedRoute<Route>[]> {
    const states = await this.health.of(call.candidates.map(placeOf));
    const costOf = call.costOf ?? ((route: Route) => usualCost(this.prices, route, call.operation));
    const routes = ranked({ ...call, costOf }, states, ROUTING_POLICIES[this.settings.routing.policy]);
    return withMostLeftFirst(routes, {
      leftOf: ({ provider, ownKey }) => this.permits.left(provider.name, ownKey),
      turnOf: (route) => this.turns.of(route),
      onFirst: (route) => {
        this.turns.take(route);
      },
    });
  }
}
