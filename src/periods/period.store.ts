import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { dayAt, type Schedule } from '../rate-limiting/index.js';

/** A period that was closed, for all whose month turns with it. */
export interface ClosedPeriod {
  readonly period: string;
  readonly billingDay: number;
  readonly timeZone: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly closedAt: Date;
  /** What was settled until then is in it. */
  readonly countedAt: Date;
  readonly users: number;
}

/** A period to close, or a closed one to count again. */
export interface Closing {
  /** Its first day. */
  readonly period: string;
  /** The day after its last. */
  readonly endDay: string;
  readonly schedule: Schedule;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly closedAt: Date;
}

interface Counted {
  readonly users: number;
  readonly changed: number;
}

/** Held by the one instance that closes. */
const CLOSING_LOCK = 7_283_020;

const SCHEDULES = `
  SELECT DISTINCT coalesce(billing_day, 1)::integer AS "billingDay", coalesce(timezone, $1) AS "timeZone"
  FROM app_user ORDER BY 1, 2`;
const LAST_CLOSED = `
  SELECT max(ends_at) AS ends_at FROM closed_period WHERE billing_day = $1 AND time_zone = $2`;
const FIRST_USED = 'SELECT min(local_day)::text AS day FROM usage_daily';
const LIST = `
  SELECT period::text AS period, billing_day AS "billingDay", time_zone AS "timeZone", starts_at AS "startsAt",
    ends_at AS "endsAt", closed_at AS "closedAt", coalesce(counted_at, closed_at) AS "countedAt", users
  FROM closed_period ORDER BY ends_at DESC, billing_day, time_zone LIMIT 200`;
// A call is charged to the period in which it was reserved, and may end when that is closed: minutes after it mostly, or
// days. So a period is counted again a quarter of an hour after its closing, and then whenever twice as much time has
// passed since. The quarter is a minute short, since two ticks are not a quarter of an hour apart to the millisecond.
// $1 now, $2 whether all are that have ended in the last two months.
const DUE = `
  SELECT period::text AS period, billing_day AS "billingDay", time_zone AS "timeZone", starts_at AS "startsAt",
    ends_at AS "endsAt", closed_at AS "closedAt", users
  FROM closed_period, coalesce(counted_at, closed_at) AS counted
  WHERE $1::timestamptz - counted >= greatest(interval '14 minutes', counted - closed_at)
    OR ($2::boolean AND ends_at >= $1::timestamptz - interval '62 days')
  ORDER BY ends_at`;
const COUNTED = `
  UPDATE closed_period SET counted_at = $4, users = users + $5
  WHERE period = $1 AND billing_day = $2 AND time_zone = $3`;
const MARK = `
  INSERT INTO closed_period (period, billing_day, time_zone, starts_at, ends_at, closed_at, users)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`;
const PARTITIONS = `
  SELECT inhrelid::regclass::text AS name FROM pg_inherits
  WHERE inhparent = 'token_usage'::regclass AND inhrelid::regclass::text ~ '^token_usage_[0-9]{4}_[0-9]{2}$'
  ORDER BY 1`;

const limitOf = (column: string, unit: string) => `
  CASE coalesce(CASE WHEN r.is_active THEN r.${column} END, p.${column}, 0) WHEN 0 THEN 0
  ELSE coalesce(CASE WHEN r.is_active THEN r.${column} END, p.${column}) + coalesce((
    SELECT sum(amount) FROM quota_adjustment g
    WHERE g.kind = 'grant' AND g.subject_id = a.id AND g.unit = '${unit}' AND g.period = $1::date
      AND g.expires_at >= $5), 0) END`;
const USED = ['tokens', 'calls', 'cost_nano_usd', 'scripts', 'images', 'videos'] as const;
const usedOf = (row: string) => USED.map((column) => `${row}.${column}`).join(', ');
const countOf = (operation: string) =>
  `coalesce(sum(d.operation_count) FILTER (WHERE d.operation = '${operation}'), 0)`;

// A user whose tokens are limited in a rolling window has no monthly limit of them. One statement a period, over the users whose month it is. $1 period, $2 day after its last, $3 billing day,
// $4 zone, $5 its end, $6 when it was closed, $7 QUOTA_TIMEZONE. Run again it adds what was settled since, to limits as they were; what an admin took back
// since is no matter of the closed period.
const SNAPSHOT = `
  WITH days AS (
    SELECT user_id, local_day, day, operation, calls, operation_count, total_tokens, cost_nano_usd FROM usage_daily
    UNION ALL
    SELECT d.subject_id, local_day, day, operation, calls, operation_count, total_tokens, cost_nano_usd
    FROM quota_adjustment_day d JOIN quota_adjustment q ON q.id = d.adjustment_id AND q.created_at <= $6
    WHERE d.subject_kind = 'user'
  ), made AS (
    INSERT INTO period_closing AS known
    SELECT a.id, $1::date, a.plan_id,
      sum(d.total_tokens), CASE p.quota_window WHEN 'rolling' THEN 0 ELSE ${limitOf('monthly_token_limit', 'tokens')} END,
      sum(d.calls), ${limitOf('monthly_call_limit', 'calls')},
      sum(d.cost_nano_usd), ${limitOf('monthly_cost_limit_nano_usd', 'cost')},
      ${countOf('script_generation')}, ${limitOf('script_generation_limit', 'script_generation')},
      ${countOf('image_generation')}, ${limitOf('image_generation_limit', 'image_generation')},
      ${countOf('video_generation')}, ${limitOf('video_generation_limit', 'video_generation')}, $6
    FROM app_user a
    JOIN plan p ON p.id = a.plan_id
    LEFT JOIN rate_limit r ON r.subject_kind = 'user' AND r.subject_id = a.id
    JOIN days d ON d.user_id = a.id AND d.local_day >= $1::date AND d.local_day < $2::date
      AND d.day >= $1::date - 2 AND d.day < $2::date + 2
    WHERE coalesce(a.billing_day, 1) = $3 AND coalesce(a.timezone, $7) = $4
    GROUP BY a.id, p.id, r.subject_kind, r.subject_id
    ON CONFLICT (user_id, period) DO UPDATE SET ${USED.map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE known.closed_at = excluded.closed_at AND (${usedOf('known')}) IS DISTINCT FROM (${usedOf('excluded')})
    RETURNING xmax = 0 AS is_new
  )
  SELECT count(*) FILTER (WHERE is_new)::integer AS users, count(*)::integer AS changed FROM made`;

/** Closed periods in Postgres. */
@Injectable()
export class PeriodStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Runs `work` in a transaction that no other instance runs at the same time. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [CLOSING_LOCK]);
      return work(manager);
    });
  }

  /** Every schedule that some user's month follows. */
  schedules(timeZone: string): Promise<Schedule[]> {
    return this.dataSource.query<Schedule[]>(SCHEDULES, [timeZone]);
  }

  /** The first day on which anything was used; undefined where nothing was. */
  async firstUsedDay(): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ day: string | null }[]>(FIRST_USED);
    return row?.day ?? undefined;
  }

  /** The end of the last closed period of a schedule. */
  async closedUntil(manager: EntityManager, { billingDay, timeZone }: Schedule): Promise<number | undefined> {
    const [row] = await manager.query<{ ends_at: Date | null }[]>(LAST_CLOSED, [billingDay, timeZone]);
    return row?.ends_at?.getTime();
  }

  /** Keeps what the users of a schedule had used in a period, and against which limits. @returns how many users. */
  async close(manager: EntityManager, closing: Closing, timeZone: string): Promise<number> {
    const { period, schedule, startsAt, endsAt, closedAt } = closing;
    const { users } = await this.count(manager, closing, timeZone);
    const of = [period, schedule.billingDay, schedule.timeZone];
    await manager.query(MARK, [...of, startsAt, endsAt, closedAt, users]);
    return users;
  }

  /** The closed periods that are to be counted again; with `again` all that have ended lately. */
  async due(manager: EntityManager, nowMs: number, again: boolean): Promise<Closing[]> {
    const rows = await manager.query<Omit<ClosedPeriod, 'countedAt'>[]>(DUE, [new Date(nowMs), again]);
    return rows.map(({ billingDay, timeZone, ...row }) => ({
      ...row,
      endDay: dayAt(row.endsAt.getTime(), timeZone),
      schedule: { billingDay, timeZone },
    }));
  }

  /** Adds what was settled since a period was closed, or counted last. @returns of how many users. */
  async countAgain(
    manager: EntityManager,
    closing: Closing,
    { nowMs, timeZone }: { readonly nowMs: number; readonly timeZone: string },
  ): Promise<number> {
    const { period, schedule } = closing;
    const { users, changed } = await this.count(manager, closing, timeZone);
    const of = [period, schedule.billingDay, schedule.timeZone];
    await manager.query(COUNTED, [...of, new Date(nowMs), users]);
    return changed;
  }

  list(): Promise<ClosedPeriod[]> {
    return this.dataSource.query<ClosedPeriod[]>(LIST);
  }

  /** Drops the ledger's rows of months before one (`2026_11`); their roll-ups stay. @returns the partitions. */
  async dropBefore(month: string): Promise<string[]> {
    const partitions = await this.dataSource.query<{ name: string }[]>(PARTITIONS);
    const old = partitions.map(({ name }) => name).filter((name) => name < `token_usage_${month}`);
    for (const name of old) await this.dataSource.query(`DROP TABLE IF EXISTS ${name}`);
    return old;
  }

  private async count(manager: EntityManager, closing: Closing, timeZone: string): Promise<Counted> {
    const { period, endDay, schedule, endsAt, closedAt } = closing;
    const of = [period, endDay, schedule.billingDay, schedule.timeZone];
    const [row] = await manager.query<Counted[]>(SNAPSHOT, [...of, endsAt, closedAt, timeZone]);
    return row ?? { users: 0, changed: 0 };
  }
}
