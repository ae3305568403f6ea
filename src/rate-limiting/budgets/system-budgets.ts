import { Inject, Injectable } from '@nestjs/common';

import { type Soon } from '../../database/index.js';
import { counterRef } from '../claims.js';
import { type CounterRef, type Hold } from '../domain/counters.js';
import { type Counter } from '../domain/limit.js';
import {
  breakerAt,
  type BreakerRow,
  type BreakerState,
  holds,
  hourWindowAt,
  isBreaker,
  systemCounters,
  type SystemMaxima,
} from '../domain/system-budgets.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { BreakerStore } from './breaker.store.js';

/** What all callers together meet at an instant. */
export interface SystemTerms {
  /** Where the breaker is unlimited it is never open. */
  readonly breaker: BreakerState;
  readonly counters: readonly Counter[];
}

interface Kept {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly row: BreakerRow;
  readonly terms: SystemTerms;
}

/** Of a breaker that nobody set up. */
const UNLIMITED: BreakerRow = { sinceMs: 0, openedAtMs: null, closesAtMs: null };
const NOTHING: SystemTerms = { breaker: { kind: 'closed', sinceMs: 0 }, counters: [] };

/** The budgets that all callers share, as counters that each call meets beside its own. */
@Injectable()
export class SystemBudgets {
  private readonly maxima: SystemMaxima;
  private kept: Kept | undefined;

  constructor(
    private readonly breaker: BreakerStore,
    @Inject(RATE_LIMITING_OPTIONS) { enabled, budgets }: RateLimitingOptions,
  ) {
    const { hourlyNanoUsd = 0, breakerNanoUsd = 0 } = enabled && budgets ? budgets : {};
    this.maxima = { hourlyNanoUsd, breakerNanoUsd };
  }

  /**
   * What a call of this instant meets.
   * @returns at once where it is cached.
   * @throws CodedError `store_unavailable` where Postgres does not tell of the breaker.
   */
  at(atMs: number): Soon<SystemTerms> {
    const { hourlyNanoUsd, breakerNanoUsd } = this.maxima;
    if (hourlyNanoUsd + breakerNanoUsd === 0) return NOTHING;
    const row = breakerNanoUsd > 0 ? this.breaker.row() : UNLIMITED;
    return row instanceof Promise ? row.then((known) => this.under(known, atMs)) : this.under(row, atMs);
  }

  /**
   * The counters that count a call by now, and that it does not hold: the breaker was closed while an instance had not
   * heard of it, or a limit was set while the call ran. They are to be read anew when its row is there.
   */
  async missedBy(hold: Hold, reservedAtMs: number): Promise<CounterRef[]> {
    const { counters } = await this.at(reservedAtMs);
    return counters.map(counterRef).filter((ref) => !holds(hold, ref));
  }

  /** Whether there may be such counters, as far as this process knows. Asked for every call. */
  mayMiss(hold: Hold, reservedAtMs: number): boolean {
    const terms = this.at(reservedAtMs);
    if (terms instanceof Promise) {
      // Whoever asks what was missed hears of its failure; here nobody does, and that would end the process.
      terms.catch(() => undefined);
      return true;
    }
    return terms.counters.some(({ subject, window }) => !holds(hold, { subject, window: window.name }));
  }

  /** Whether a counter is of what the breaker no longer counts: nobody is held to it. */
  async isOver(counter: Counter, nowMs: number): Promise<boolean> {
    if (!isBreaker(counter)) return false;
    return breakerAt(await this.breaker.row(), nowMs).sinceMs !== counter.window.startsAtMs;
  }

  /** The same objects again within an hour, and while the breaker's row is the same. */
  private under(row: BreakerRow, atMs: number): SystemTerms {
    const { kept } = this;
    if (kept?.row === row && kept.startsAtMs <= atMs && atMs < kept.endsAtMs) return kept.terms;
    const breaker = breakerAt(row, atMs);
    const terms = { breaker, counters: systemCounters(atMs, this.maxima, breaker.sinceMs) };
    const hour = hourWindowAt(atMs);
    const startsAtMs = Math.max(hour.startsAtMs, breaker.sinceMs);
    const endsAtMs =
      breaker.kind === 'open' ? Math.min(hour.resetsAtMs, breaker.closesAtMs) : hour.resetsAtMs;
    // What is over already is asked for by calls of before alone.
    if (atMs >= startsAtMs) this.kept = { startsAtMs, endsAtMs, row, terms };
    return terms;
  }
}
