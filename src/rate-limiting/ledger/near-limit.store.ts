import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { type Unit } from '../domain/operation.js';
import { dayAt, periodAt, type Schedule } from '../domain/period.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { sqlFile } from './sql-file.js';

const SCHEDULES = sqlFile('schedules').text;
const NEAR_LIMIT = sqlFile('near-limit').text;

/** A monthly limit that is nearly, wholly or more than used; money in nano-dollars. */
export interface NearLimit {
  readonly unit: Unit;
  readonly max: number;
  readonly used: number;
  /** The key whose limit it is; none where it is the user's. */
  readonly apiKey: { readonly id: string; readonly name: string } | null;
}

export interface UserNearLimit {
  readonly id: string;
  readonly email: string;
  readonly planId: string;
  /** The first day of the user's period. */
  readonly period: string;
  /** The most used first. */
  readonly limits: readonly NearLimit[];
}

/** Which users, of those whose ids come after `after`. */
export interface NearLimitQuery {
  readonly atMs: number;
  /** 0.8 is four fifths of a limit. */
  readonly threshold: number;
  readonly limit: number;
  readonly after?: string | undefined;
}

interface ScheduleRow {
  readonly billing_day: number | null;
  readonly timezone: string | null;
}

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly plan_id: string;
  readonly period: string;
  readonly limits: NearLimit[];
}

/** Who is near a monthly limit, of their own or of a key of theirs: roll-ups and resets against plans, RateLimits and grants, all of it in the database. */
@Injectable()
export class NearLimitStore {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** Up to `limit` users, in the order of their ids. */
  async users({ atMs, threshold, limit, after }: NearLimitQuery): Promise<UserNearLimit[]> {
    const schedules = await this.dataSource.query<ScheduleRow[]>(SCHEDULES);
    const values = [...this.periodColumns(schedules, atMs), threshold, after ?? '', limit, new Date(atMs)];
    const rows = await this.dataSource.query<UserRow[]>(NEAR_LIMIT, values);
    return rows.map(({ plan_id: planId, ...row }) => ({ ...row, planId }));
  }

  /** The period that runs for each schedule: its rules are those of `periodAt`, and are not told again in SQL. */
  private periodColumns(rows: readonly ScheduleRow[], atMs: number): unknown[][] {
    const periods = rows.map((row) => {
      const schedule = { billingDay: row.billing_day ?? 1, timeZone: row.timezone ?? this.options.timeZone };
      const period = periodAt(atMs, schedule);
      return {
        row,
        period,
        endDay: dayAt(period.endsAtMs, schedule.timeZone),
        calendar: this.isCalendar(schedule),
      };
    });
    return [
      periods.map(({ row }) => row.billing_day ?? 0),
      periods.map(({ row }) => row.timezone ?? ''),
      periods.map(({ period }) => period.name),
      periods.map(({ endDay }) => endDay),
      periods.map(({ calendar }) => calendar),
    ];
  }

  private isCalendar({ billingDay, timeZone }: Schedule): boolean {
    return billingDay === 1 && timeZone === this.options.timeZone;
  }
}
