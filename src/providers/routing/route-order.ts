import { type Candidate } from '../provider-registry.js';

import { type ProviderState } from './provider-states.js';
import { type RoutedCall } from './routed-call.js';
import { type RouteFacts, type RoutingPolicy } from './routing-policy.js';

/** A candidate with all that is known of it. */
export interface RankedRoute<Route extends Candidate> extends RouteFacts {
  readonly route: Route;
  readonly state: ProviderState;
}

type Ranking<Route extends Candidate> = Pick<
  RoutedCall<unknown, Route>,
  'operation' | 'candidates' | 'measure' | 'preferred'
> & { readonly costOf: (route: Route) => number | undefined };

/** The candidates in the order in which they are to be tried. `states` are in the order of the candidates. */
export function ranked<Route extends Candidate>(
  { candidates, operation, measure = operation, preferred, costOf }: Ranking<Route>,
  states: readonly ProviderState[],
  policy: RoutingPolicy,
): readonly RankedRoute<Route>[] {
  const routes = candidates.flatMap((route, at): RankedRoute<Route>[] => {
    const state = states[at];
    return state ? [{ route, state, costNanoUsd: costOf(route), latencyMs: state.latencies[measure] }] : [];
  });
  const inOrder = policy(routes);
  const isPreferred = ({ route }: RankedRoute<Route>) => route.provider.name === preferred;
  return [...inOrder.filter(isPreferred), ...inOrder.filter((one) => !isPreferred(one))];
}
