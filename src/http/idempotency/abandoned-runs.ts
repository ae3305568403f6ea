import { Injectable } from '@nestjs/common';

import { Clock } from '../../rate-limiting/domain/clock.js';
import { KeptReservations, Ledger, type ReservationId, Sweeper, timeOf } from '../../rate-limiting/index.js';

/** An answer goes out as soon as its call is settled; a slow client may take its time with the last of it. */
const ANSWERED_WITHIN_MS = 30_000;

/** Tells what became of a run that has not said so itself. */
@Injectable()
export class AbandonedRuns {
  constructor(
    private readonly ledger: Ledger,
    private readonly sweeper: Sweeper,
    private readonly kept: KeptReservations,
    private readonly clock: Clock,
  ) {}

  /** @param abandoned whether its lease is over. @throws where a store cannot be asked. */
  async fateOf(usageId: ReservationId, abandoned: boolean): Promise<'alive' | 'charged' | 'gone'> {
    // A reservation that the dead run left would be charged at its estimate after the new run was let in.
    if (abandoned) await this.endOverdue();
    // A job that goes on is charged when it is done: it must not be made a second time.
    if (abandoned && (await this.kept.fateOf(usageId)) === 'running') return 'charged';
    const row = await this.ledger.find(usageId);
    if (!row) return abandoned ? 'gone' : 'alive';
    if (abandoned) return 'charged';
    const settledAtMs = timeOf(usageId) + row.latencyMs;
    return settledAtMs + ANSWERED_WITHIN_MS <= this.clock.now() ? 'charged' : 'alive';
  }

  private async endOverdue(): Promise<void> {
    let ended: number;
    do ended = await this.sweeper.sweep();
    while (ended > 0);
  }
}
