import { type RouteFacts } from './routing-policy.js';

/** The cheapest for this call first. What has no price may be dear: it comes last. */
export function costWeighted<Route extends RouteFacts>(routes: readonly Route[]): readonly Route[] {
  const cost = ({ costNanoUsd }: Route) => costNanoUsd ?? Number.MAX_VALUE;
  return [...routes].sort((a, b) => cost(a) - cost(b));
}
