import { type Candidate } from '../provider-registry.js';

/** Routes in groups of one provider, in the order in which each is first met. */
export function byProvider<Route extends { readonly route: Candidate }>(routes: readonly Route[]): Route[][] {
  const groups = new Map<string, Route[]>();
  for (const one of routes) {
    const { name } = one.route.provider;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups.values()];
}
