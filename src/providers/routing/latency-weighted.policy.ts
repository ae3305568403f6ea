import { type RouteFacts } from './routing-policy.js';

/** The fastest first. One that was not measured lately comes before all: else it never would be. */
export function latencyWeighted<Route extends RouteFacts>(routes: readonly Route[]): readonly Route[] {
  const latency = ({ latencyMs }: Route) => latencyMs ?? 0;
  return [...routes].sort((a, b) => latency(a) - latency(b));
}
