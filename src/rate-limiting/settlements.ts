import { Injectable } from '@nestjs/common';

import { type Caller } from './domain/caller.js';
import { type LimitState } from './domain/limit.js';

/** Who was charged or denied, and what the limits stood at. */
export interface LimitsMet {
  readonly caller: Caller;
  readonly limits: readonly LimitState[];
}

/** Tells whoever listens of limits that a call was settled or denied at. Listeners must not wait, and cannot fail a call. */
@Injectable()
export class Settlements {
  private readonly listeners = new Set<(met: LimitsMet) => void>();

  /** @returns ends it */
  onLimitsMet(listener: (met: LimitsMet) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(met: LimitsMet): void {
    for (const listener of this.listeners) listener(met);
  }
}
