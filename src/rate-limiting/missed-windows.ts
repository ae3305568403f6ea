import { CodedError } from '../errors.js';

import { type SystemBudgets } from './budgets/system-budgets.js';
import { counterRef } from './claims.js';
import { type Caller } from './domain/caller.js';
import { type CounterRef, type CounterStore, type Hold } from './domain/counters.js';
import { isRolling } from './domain/rolling.js';
import { holds } from './domain/system-budgets.js';
import { type LimitResolver } from './limits/limit-resolver.js';
import { timeOf } from './reservation-ids.js';

/** A call holds the windows of its own day and of the next, so one that took less than this misses none. */
const MISSES_NOTHING_MS = 22 * 3_600_000;

/**
 * The windows that count a call by now, and that it does not hold: it outlived its day and the next, or its window was
 * changed while it ran, or the circuit breaker was closed as it began. They are made cold when its row is there, since only the ledger knows of it.
 */
export class MissedWindows {
  constructor(
    private readonly store: CounterStore,
    private readonly resolver: LimitResolver,
    private readonly budgets: SystemBudgets,
  ) {}

  /** Whether there may be any, at a glance. Asked for every call. */
  mayBe(hold: Hold | undefined, { reservedAtMs, nowMs }: Lasted): boolean {
    if (nowMs - reservedAtMs > MISSES_NOTHING_MS) return true;
    return hold !== undefined && this.budgets.mayMiss(hold, reservedAtMs);
  }

  /** Has them read anew. Before the hold is ended: who dies in between leaves it to the sweeper, which does both again. */
  async forget(caller: Caller, hold: Hold | undefined, nowMs: number): Promise<void> {
    const missed = await this.of(caller, hold, nowMs);
    if (hold) missed.push(...(await this.budgets.missedBy(hold, timeOf(hold.id))));
    if (missed.length > 0) await this.store.invalidate(missed);
  }

  private async of(caller: Caller, hold: Hold | undefined, nowMs: number): Promise<CounterRef[]> {
    try {
      const { counters, ahead } = await this.resolver.termsOf(caller, nowMs);
      const rolling = [...counters, ...ahead].filter(({ window }) => isRolling(window)).map(counterRef);
      return rolling.filter((ref) => !hold || !holds(hold, ref));
    } catch (error) {
      // A user that nobody knows any more has no window.
      if (error instanceof CodedError && error.code === 'not_found') return [];
      throw error;
    }
  }
}

/** From when until when a call was under way. */
interface Lasted {
  readonly reservedAtMs: number;
  readonly nowMs: number;
}
