import { Inject, Injectable, Logger } from '@nestjs/common';

import { CodedError } from '../errors.js';

import { Clock } from './domain/clock.js';
import { CounterStore, type Hold } from './domain/counters.js';
import { type Schedule } from './domain/period.js';
import { type UsageEntry, unitAmountsOf } from './domain/usage.js';
import { callerOfHold, expiredEntry } from './expired-entry.js';
import { Ledger } from './ledger/ledger.port.js';
import { LimitResolver } from './limits/limit-resolver.js';
import { KeptReservations } from './kept-reservations.js';
import { LiveReservations } from './live-reservations.js';
import { MissedWindows } from './missed-windows.js';
import { countRow, SWEPT } from './rate-limiting.metrics.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { timeOf } from './reservation-ids.js';
import { StaleCounters } from './stale-counters.js';

const BATCH = 100;

/**
 * Ends the reservations whose process died: from their ledger row where there is one, else at their estimate. Those
 * that live here, or are for work that outlives its process, are pushed out instead, so that a call may take as long as it takes. Runs on every instance; that
 * several sweep the same hold changes nothing.
 */
@Injectable()
export class Sweeper {
  private readonly logger = new Logger(Sweeper.name);

  constructor(
    private readonly store: CounterStore,
    private readonly ledger: Ledger,
    private readonly resolver: LimitResolver,
    private readonly live: LiveReservations,
    private readonly kept: KeptReservations,
    private readonly stale: StaleCounters,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
    private readonly missed: MissedWindows,
  ) {}

  /**
   * @returns how many reservations were ended.
   * @throws what the first step threw that could not be done in full: a part of the store may be away, and others not.
   */
  async sweep(): Promise<number> {
    const ttlMs = this.options.reservationTtlMs;
    this.live.endUnread(this.clock.now(), ttlMs);
    // A third of its life: then two renewals may fail before a reservation is taken for dead.
    const renewal = this.live.renew((hold) => this.store.renew(hold, ttlMs), this.clock.now(), ttlMs / 3);
    const steps = await Promise.allSettled([renewal, this.live.retry(), this.stale.flush()]);
    const ended = await this.sweepOverdue();
    for (const step of steps) if (step.status === 'rejected') throw step.reason;
    return ended;
  }

  private async sweepOverdue(): Promise<number> {
    let ended = 0;
    for (const hold of await this.store.overdue(BATCH)) {
      if (!this.live.has(hold.id) && (await this.sweepOne(hold))) ended++;
    }
    return ended;
  }

  /** One that cannot be ended must not stand in the way of the others: it is looked at again a life later. */
  private async sweepOne(hold: Hold): Promise<boolean> {
    try {
      // Asked before the ledger: work that ends in between has its row by then.
      const fate = await this.kept.fateOf(hold.id);
      const written = await this.ledger.find(hold.id);
      if (!written && fate === 'running') {
        await this.store.renew(hold, this.options.reservationTtlMs);
        return false;
      }
      const row = written ?? (fate === 'free' ? undefined : await this.expire(hold));
      if (row) await this.settle(hold, row);
      else await this.store.release(hold);
      SWEPT.add({});
      return true;
    } catch (error) {
      this.logger.error({ err: error, reservation: hold.id }, 'An overdue reservation could not be ended.');
      await this.store.renew(hold, this.options.reservationTtlMs).catch(() => undefined);
      return false;
    }
  }

  private async settle(hold: Hold, row: UsageEntry): Promise<void> {
    const used = unitAmountsOf(row);
    await this.missed.forget(callerOfHold(hold), hold, this.clock.now());
    await this.store.settle(
      hold,
      hold.counters.map(() => used),
    );
  }

  /** @returns nothing for a hold of which parts are missing: its call was never made, or has failed. */
  private async expire(hold: Hold): Promise<UsageEntry | undefined> {
    if (hold.parts?.missing) return undefined;
    const entry = expiredEntry(hold, await this.scheduleOf(hold), this.options.timeZone);
    const { fresh } = await this.ledger.record(entry);
    if (fresh) {
      countRow(entry);
      this.logger.warn(
        { reservation: hold.id },
        'A reservation outlived its process and was charged at its estimate.',
      );
    }
    // Where another instance, or the owner after all, was first, its row is the truth.
    return fresh ? entry : ((await this.ledger.find(hold.id)) ?? entry);
  }

  private async scheduleOf(hold: Hold): Promise<Schedule> {
    try {
      return (await this.resolver.termsOf(callerOfHold(hold), timeOf(hold.id))).schedule;
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'not_found') throw error;
      // A user that Postgres knows nothing of any more.
      return { billingDay: 1, timeZone: this.options.timeZone };
    }
  }
}
