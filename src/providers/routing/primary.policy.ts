import { type RouteFacts } from './routing-policy.js';

/** As configured: the next is for when the one before cannot. */
export function primary<Route extends RouteFacts>(routes: readonly Route[]): readonly Route[] {
  return routes;
}
