import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron } from '@nestjs/schedule';

import { type Settings, SETTINGS } from '../config/index.js';
import {
  Clock,
  dayAt,
  MinuteStore,
  PartitionStore,
  type Period,
  periodAt,
  type Schedule,
  startOfDay,
} from '../rate-limiting/index.js';

import { type Closing, PeriodStore } from './period.store.js';

/** What one run did. */
export interface ClosingDone {
  readonly closed: readonly { period: string; billingDay: number; timeZone: string; users: number }[];
  readonly partitionsMade: readonly string[];
  readonly partitionsDropped: readonly string[];
}

const MONTHS_AHEAD = 2;

/**
 * Closes every period that has ended and is not closed: keeps what was used, makes partitions, drops old ones. It stands
 * between nobody and the new month. All zones are a multiple of 15 minutes off UTC: 5 s past each quarter is 00:00:05
 * somewhere, in QUOTA_TIMEZONE as in a user's own zone. At each start it catches up. An advisory lock and the periods'
 * own rows make that once over all instances. A closed period is counted again, for the calls that were settled after it.
 */
@Injectable()
export class PeriodClosing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(PeriodClosing.name);
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: PeriodStore,
    private readonly partitions: PartitionStore,
    private readonly minutes: MinuteStore,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    this.tick();
  }

  @Cron('5 */15 * * * *')
  tick(): void {
    this.running = this.run().catch((error: unknown) => {
      this.logger.error(
        { err: error },
        'Periods could not be closed; the next quarter of an hour tries again.',
      );
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /**
   * Run again it changes nothing but what calls add that were settled since. @param again whether all periods that ended
   * lately are counted again, and not only those that it is time for.
   */
  async run({ again = false }: { readonly again?: boolean } = {}): Promise<ClosingDone> {
    const now = this.clock.now();
    const zone = this.settings.rateLimiting.quotaTimezone;
    const firstDay = await this.store.firstUsedDay();
    const closed: ClosingDone['closed'][number][] = [];
    if (firstDay !== undefined) {
      for (const schedule of await this.store.schedules(zone))
        closed.push(...(await this.closeAll(schedule, firstDay, now)));
    }
    await this.countAgain(now, again);
    await this.minutes.forget(now);
    const partitionsMade = await this.partitions.ensurePartitions(now, MONTHS_AHEAD);
    return { closed, partitionsMade, partitionsDropped: await this.retain(now) };
  }

  /** One transaction a schedule: half of a catch-up that is killed is kept. */
  private closeAll(schedule: Schedule, firstDay: string, now: number): Promise<ClosingDone['closed']> {
    return this.store.exclusively(async (manager) => {
      const closed: ClosingDone['closed'][number][] = [];
      let at = (await this.store.closedUntil(manager, schedule)) ?? startOfDay(firstDay, schedule.timeZone);
      for (let period = periodAt(at, schedule); period.endsAtMs <= now; period = periodAt(at, schedule)) {
        const { quotaTimezone } = this.settings.rateLimiting;
        const users = await this.store.close(manager, closingOf(period, schedule, now), quotaTimezone);
        this.logger.log({ period: period.name, ...schedule, users }, 'A period was closed.');
        closed.push({ period: period.name, ...schedule, users });
        at = period.endsAtMs;
      }
      return closed;
    });
  }

  /** A call of before midnight may have ended after the closing. */
  private countAgain(nowMs: number, again: boolean): Promise<void> {
    return this.store.exclusively(async (manager) => {
      const timeZone = this.settings.rateLimiting.quotaTimezone;
      for (const closing of await this.store.due(manager, nowMs, again)) {
        const users = await this.store.countAgain(manager, closing, { nowMs, timeZone });
        const { period, schedule } = closing;
        if (users > 0)
          this.logger.log(
            { period, ...schedule, users },
            'Calls were settled after their period was closed.',
          );
      }
    });
  }

  private async retain(now: number): Promise<string[]> {
    const { usageMonths } = this.settings.retention;
    if (usageMonths === undefined) return [];
    const today = new Date(now);
    const oldest = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - usageMonths, 1));
    return this.store.dropBefore(oldest.toISOString().slice(0, 7).replace('-', '_'));
  }
}

function closingOf(period: Period, schedule: Schedule, nowMs: number): Closing {
  return {
    period: period.name,
    endDay: dayAt(period.endsAtMs, schedule.timeZone),
    schedule,
    startsAt: new Date(period.startsAtMs),
    endsAt: new Date(period.endsAtMs),
    closedAt: new Date(nowMs),
  };
}
