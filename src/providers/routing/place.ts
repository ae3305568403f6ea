import { type Candidate } from '../provider-registry.js';

/** What cools down and has permits of its own: a provider, or a workspace's own key at one. */
export function placeOf({ provider, ownKey }: Pick<Candidate, 'provider' | 'ownKey'>): string {
  return ownKey ? `key:${ownKey.id}:${ownKey.version}` : provider.name;
}
