import { Inject, Injectable, Logger } from '@nestjs/common';

import { Clock } from './domain/clock.js';
import { CounterStore, type Hold } from './domain/counters.js';
import { unitAmountsOf } from './domain/usage.js';
import { callerOfHold, expiredEntry } from './expired-entry.js';
import { Ledger } from './ledger/ledger.port.js';
import { LimitResolver } from './limits/limit-resolver.js';
import { LiveReservations } from './live-reservations.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { timeOf } from './reservation-ids.js';

const BATCH = 100;

/**
 * Ends the reservations whose process died: from their ledger row where there is one, else at their estimate. Those
 * that live here are pushed out instead, so that a call may take as long as it takes. Runs on every instance; that
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
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** @returns how many reservations were ended. */
  async sweep(): Promise<number> {
    const ttlMs = this.options.reservationTtlMs;
    // A third of its life: then two renewals may fail before a reservation is taken for dead.
    await this.live.renew((hold) => this.store.renew(hold, ttlMs), this.clock.now(), ttlMs / 3);
    const overdue = (await this.store.overdue(BATCH)).filter((hold) => !this.live.has(hold.id));
    for (const hold of overdue) await this.settle(hold);
    return overdue.length;
  }

  private async settle(hold: Hold): Promise<void> {
    const row = (await this.ledger.find(hold.id)) ?? (await this.expire(hold));
    const used = unitAmountsOf(row);
    await this.store.settle(
      hold,
      hold.counters.map(() => used),
    );
  }

  private async expire(hold: Hold) {
    const { schedule } = await this.resolver.termsOf(callerOfHold(hold), timeOf(hold.id));
    const entry = expiredEntry(hold, schedule, this.options.timeZone);
    const { fresh } = await this.ledger.record(entry);
    if (fresh)
      this.logger.warn(
        { reservation: hold.id },
        'A reservation outlived its process and was charged at its estimate.',
      );
    // Where another instance, or the owner after all, was first, its row is the truth.
    return fresh ? entry : ((await this.ledger.find(hold.id)) ?? entry);
  }
}
