import { CodedError } from '../errors.js';

import { counterRef } from './claims.js';
import { type Caller } from './domain/caller.js';
import { type CounterRef, type CounterStore, type Hold } from './domain/counters.js';
import { isRolling } from './domain/rolling.js';
import { type LimitResolver } from './limits/limit-resolver.js';

/** A call holds the windows of its own day and of the next, so one that took less than this misses none. */
export const MISSES_NOTHING_MS = 22 * 3_600_000;

/**
 * The rolling windows that count a call by now, and that it does not hold: it outlived its day and the next, or its window
 * was changed while it ran. They are made cold when its row is there, since only the ledger knows of it.
 */
export class MissedWindows {
  constructor(
    private readonly store: CounterStore,
    private readonly resolver: LimitResolver,
  ) {}

  /** Has them read anew. Before the hold is ended: who dies in between leaves it to the sweeper, which does both again. */
  async forget(caller: Caller, hold: Hold | undefined, nowMs: number): Promise<void> {
    const missed = await this.of(caller, hold, nowMs);
    if (missed.length > 0) await this.store.invalidate(missed);
  }

  private async of(caller: Caller, hold: Hold | undefined, nowMs: number): Promise<CounterRef[]> {
    try {
      const { counters, ahead } = await this.resolver.termsOf(caller, nowMs);
      const rolling = [...counters, ...ahead].filter(({ window }) => isRolling(window)).map(counterRef);
      return rolling.filter((ref) => !holds(hold, ref));
    } catch (error) {
      // A user that nobody knows any more has no window.
      if (error instanceof CodedError && error.code === 'not_found') return [];
      throw error;
    }
  }
}

function holds(hold: Hold | undefined, { subject, window }: CounterRef): boolean {
  return (
    hold?.counters.some(
      ({ counter }) =>
        counter.window === window &&
        counter.subject.kind === subject.kind &&
        counter.subject.id === subject.id,
    ) ?? false
  );
}
