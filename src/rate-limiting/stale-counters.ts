import { Injectable } from '@nestjs/common';

import { CounterStore, type CounterRef } from './domain/counters.js';

/**
 * Counters that calls went past while the store was away (STORE_FAILURE=open): the ledger knows of those calls, and the
 * counters must be read anew before they deny or let through anything again.
 */
@Injectable()
export class StaleCounters {
  private readonly stale = new Map<string, CounterRef>();

  constructor(private readonly store: CounterStore) {}

  add(counters: readonly CounterRef[]): void {
    for (const counter of counters) {
      this.stale.set(JSON.stringify([counter.subject.kind, counter.subject.id, counter.window]), counter);
    }
  }

  /** Whether there are any. */
  get pending(): boolean {
    return this.stale.size > 0;
  }

  /** Has them read anew. @throws what the store throws while it is still away; they are kept then. */
  async flush(): Promise<void> {
    if (this.stale.size === 0) return;
    const round = [...this.stale];
    await this.store.invalidate(round.map(([, counter]) => counter));
    for (const [name] of round) this.stale.delete(name);
  }
}
