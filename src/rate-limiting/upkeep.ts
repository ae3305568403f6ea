import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

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

  constructor(
    private readonly sweeper: Sweeper,
    private readonly reconciliation: Reconciliation,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  onApplicationBootstrap(): void {
    const ttlShare = this.options.reservationTtlMs / 6;
    const sweepMs = Math.min(LONGEST_SWEEP_MS, Math.max(SHORTEST_SWEEP_MS, ttlShare));
    this.every(sweepMs, () => this.sweeper.sweep());
    this.every(sweepMs, () => this.reconciliation.afterRebuild());
    this.every(RECONCILE_MS, () => this.reconciliation.reconcile());
  }

  /** Not before the last call has ended: what is held is renewed until then. */
  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
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
