import { type Candidate } from '../provider-registry.js';

import { byProvider } from './by-provider.js';
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
  // Whoever brought a key of their own means it to be used before the operator's.
  const rankOf = (one: RankedRoute<Route>) => (isPreferred(one) ? 0 : one.route.ownKey ? 1 : 2);
  return inOrder.toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** How the keys of one provider are told apart. */
export interface KeyOrder<Route extends Candidate> {
  /** What is left in its bucket. */
  readonly leftOf: (route: Route) => Promise<number>;
  /** Its turn: of those that have as much left the lowest is first. */
  readonly turnOf: (route: Route) => number;
  /** Told of who is first of several. */
  readonly onFirst: (route: Route) => void;
}

/** The same with the keys of one provider together, where the first of them stood: what has most left in its bucket first. */
export async function withMostLeftFirst<Route extends Candidate>(
  routes: readonly RankedRoute<Route>[],
  order: KeyOrder<Route>,
): Promise<readonly RankedRoute<Route>[]> {
  const groups = byProvider(routes);
  if (groups.length === routes.length) return routes;
  const sorted = await Promise.all(groups.map((group) => byLeft(group, order)));
  return sorted.flat();
}

async function byLeft<Route extends Candidate>(
  group: readonly RankedRoute<Route>[],
  { leftOf, turnOf, onFirst }: KeyOrder<Route>,
): Promise<readonly RankedRoute<Route>[]> {
  if (group.length < 2) return group;
  const measured = await Promise.all(group.map(async (one) => ({ one, left: await leftOf(one.route) })));
  // Nothing is awaited from here on: of calls at once each sees the turn of the one before.
  const sorted = measured
    .toSorted((here, there) =>
      here.left === there.left ? turnOf(here.one.route) - turnOf(there.one.route) : there.left - here.left,
    )
    .map(({ one }) => one);
  if (sorted[0]) onFirst(sorted[0].route);
  return sorted;
}
