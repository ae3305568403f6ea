import { Inject, Injectable } from '@nestjs/common';

import { type Fault, validationFailed } from '../errors.js';
import { type Shown } from '../identity/index.js';
import {
  Clock,
  dayAt,
  LimitResolver,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
  type UsageQuery,
  UsageRowsStore,
  type UsageSums,
  type UserId,
} from '../rate-limiting/index.js';

import { cursorOf, keysOf } from './rows-cursor.js';
import { type AskedDays, faultsOf, type UsageDays, usageDays } from './usage-days.js';
import { usageRowView, type UsageRowsPage } from './usage-rows.dto.js';
import { type UsageRowsQuery } from './usage-rows.query.js';

/** Rows of usage by any keys, out of the roll-ups. */
@Injectable()
export class UsageRowsReader {
  constructor(
    private readonly store: UsageRowsStore,
    private readonly resolver: LimitResolver,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** A page over all users, on days of QUOTA_TIMEZONE. @throws CodedError `validation_failed` for days that are no range. */
  page(query: UsageRowsQuery): Promise<Shown<UsageRowsPage>> {
    return this.pageOf(this.ofAll(query), query);
  }

  /** A page of one user's usage, on days of the user's own zone. @throws as `page` */
  async pageOfUser(userId: UserId, query: UsageRowsQuery): Promise<Shown<UsageRowsPage>> {
    return this.pageOf({ ...this.queryOf(query, await this.zoneOf(userId)), ofUser: userId }, query);
  }

  /** What is asked over all users, with its days filled in. @throws as `page` */
  ofAll(query: UsageRowsQuery): UsageQuery {
    return this.queryOf(query, this.options.timeZone);
  }

  /** What is wrong with the days of a report over all users. */
  faultsOfAll(days: AskedDays): readonly Fault[] {
    return this.faultsIn(days, this.options.timeZone);
  }

  /** What is wrong with the days of a user's report. */
  async faultsOfUser(userId: UserId, days: AskedDays): Promise<readonly Fault[]> {
    return this.faultsIn(days, await this.zoneOf(userId));
  }

  /** All rows, batch by batch. */
  batches(query: UsageQuery): AsyncGenerator<UsageSums[], void, undefined> {
    return this.store.batches(query);
  }

  private queryOf(query: UsageRowsQuery, timeZone: string): UsageQuery {
    const faults = this.faultsIn(query, timeZone);
    if (faults.length > 0) throw validationFailed(faults);
    return { ...this.daysOf(query, timeZone), groupBy: query.groupBy };
  }

  private faultsIn(asked: AskedDays, timeZone: string): readonly Fault[] {
    return faultsOf(this.daysOf(asked, timeZone));
  }

  private daysOf(asked: AskedDays, timeZone: string): UsageDays {
    return usageDays(asked, dayAt(this.clock.now(), timeZone));
  }

  private async zoneOf(userId: UserId): Promise<string> {
    return (await this.resolver.termsOf({ userId }, this.clock.now())).schedule.timeZone;
  }

  private async pageOf(query: UsageQuery, { limit, cursor }: UsageRowsQuery): Promise<Shown<UsageRowsPage>> {
    const after = cursor === undefined ? undefined : keysOf(cursor, query.groupBy);
    const rows = await this.store.page(query, { limit: limit + 1, after });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((row) => usageRowView(row, query.groupBy)),
      nextCursor: rows.length > limit && last ? cursorOf(last.keys) : null,
    };
  }
}
