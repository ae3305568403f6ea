import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { ChangeFeed } from '../database/index.js';
import { CodedError } from '../errors.js';

import { InvalidationQueue } from './adjustments/invalidation-queue.js';
import { SystemBudgets } from './budgets/system-budgets.js';
import { counterRef } from './claims.js';
import { type Caller } from './domain/caller.js';
import { Clock } from './domain/clock.js';
import { type CounterRef, CounterStore, type Hold } from './domain/counters.js';
import { isRolling } from './domain/rolling.js';
import { holds } from './domain/system-budgets.js';
import { LimitResolver } from './limits/limit-resolver.js';
import { changedUserOf } from './limits/rate-limit.store.js';
import { userWindowsAt } from './limits/rolling-limits.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { timeOf } from './reservation-ids.js';

/** A call holds the windows of its own day and of the next, so one that took less than this misses none. */
const MISSES_NOTHING_MS = 22 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The windows that count a call by now, and that it does not hold: it outlived its day and the next, or its window was
 * changed while it ran, or the circuit breaker was closed as it began. They are made cold when its row is there, since only the ledger knows of it.
 * So are a user's when its limits are changed: of one that had no rolling limit until then nothing was counted.
 */
@Injectable()
export class MissedWindows implements OnModuleInit, OnModuleDestroy {
  private readonly queue = new InvalidationQueue(new Logger(MissedWindows.name));
  private readonly stops: (() => unknown)[] = [];
  /** Calls that were reserved until then may lack a window of their user's. */
  private changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: CounterStore,
    private readonly resolver: LimitResolver,
    private readonly budgets: SystemBudgets,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  onModuleInit(): void {
    const changed = this.feed.onChange((change) => {
      const user = changedUserOf(change);
      if (user !== undefined) this.readAnew(user);
    });
    const interrupted = this.feed.onInterruption(() => (this.changedAtMs = this.clock.now()));
    this.stops.push(changed, interrupted);
  }

  onModuleDestroy(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.queue.close();
  }

  /** Whether there may be any, at a glance. Asked for every call. */
  mayBe(hold: Hold | undefined, { reservedAtMs, nowMs }: Lasted): boolean {
    if (nowMs - reservedAtMs > MISSES_NOTHING_MS || reservedAtMs <= this.changedAtMs) return true;
    return hold !== undefined && this.budgets.mayMiss(hold, reservedAtMs);
  }

  /** Has them read anew. Before the hold is ended: who dies in between leaves it to the sweeper, which does both again. */
  async forget(caller: Caller, hold: Hold | undefined, nowMs: number): Promise<void> {
    const missed = await this.of(caller, hold, nowMs);
    if (hold) missed.push(...(await this.budgets.missedBy(hold, timeOf(hold.id))));
    if (missed.length > 0) await this.store.invalidate(missed);
  }

  /** Every instance does, when it hears of the change: what it settled before is in the ledger by then. */
  private readAnew(user: string): void {
    this.changedAtMs = this.clock.now();
    const { timeZone } = this.options;
    // Another instance's day may have turned already.
    const at = [this.changedAtMs, this.changedAtMs + DAY_MS];
    const counters = at.flatMap((atMs) => userWindowsAt(user, atMs, timeZone)).map(counterRef);
    void this.queue.run(() => this.store.invalidate(counters));
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
