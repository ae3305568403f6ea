import { type Candidate } from '../provider-registry.js';

import { type OwnKey } from './own-keys.port.js';

/** Whose turn it is among keys without a difference: whoever was first the longest ago. A key that is forgotten begins anew. */
export class KeyTurns {
  private readonly last = new WeakMap<OwnKey, number>();
  private turn = 0;

  of({ ownKey }: Pick<Candidate, 'ownKey'>): number {
    return (ownKey && this.last.get(ownKey)) ?? 0;
  }

  take({ ownKey }: Pick<Candidate, 'ownKey'>): void {
    if (ownKey) this.last.set(ownKey, ++this.turn);
  }
}
