import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { CounterStore } from './domain/counters.js';
import { KeptReservations } from './kept-reservations.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { Reconciliation } from './reconciliation.js';
import { Sweeper } from './sweeper.js';

const RECONCILE_MS = 5 * 60_000;
const LONGEST_SWEEP_MS = 15_000;
const SHORTEST_SWEEP_MS = 250;

/** What every instance does in the background, none of it in the way of a call. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Upkeep.name);
  private timers: NodeJS.Timeout[] = [];
  private restored = false;

  constructor(
    private readonly sweeper: Sweeper,
    private readonly reconciliation: Reconciliation,
    private readonly kept: KeptReservations,
    private readonly store: CounterStore,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** Before the first call comes: what is held for work that outlived its process may be in no counter any more. */
  async onApplicationBootstrap(): Promise<void> {
    await this.restore().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'What is held for jobs could not be looked at; it is tried again.');
    });
    const ttlShare = this.options.reservationTtlMs / 6;
    const sweepMs = Math.min(LONGEST_SWEEP_MS, Math.max(SHORTEST_SWEEP_MS, ttlShare));
    this.every(sweepMs, async () => {
      await this.restore();
      await this.sweeper.sweep();
    });
    this.every(sweepMs, () => this.reconciliation.afterRebuild());
    this.every(RECONCILE_MS, () => this.reconciliation.reconcile());
  }

  /** Not before the last call has ended: what is held is renewed until then. */
  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
  }

  private async restore(): Promise<void> {
    if (this.restored || this.options.observing) return;
    for (const hold of await this.kept.holds()) {
      await this.store.restore(hold, this.options.reservationTtlMs);
    }
    this.restored = true;
  }

  /** Not again while it still runs; a failure is told, and the next time may do better. */
  private every(ms: number, work: () => Promise<unknown>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      work()
        .catch((error: unknown) => {
          this.logger.warn({ err: error }, 'Upkeep failed; it is tried again.');
        })
        .finally(() => {
          running = false;
        });
    }, ms);
    timer.unref();
    this.timers.push(timer);
  }
}
