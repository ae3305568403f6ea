import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Closed periods, what users had used in them, and what users are told of. */
export class Periods1700000023000 implements MigrationInterface {
  readonly name = 'Periods1700000023000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [PERIOD, CLOSING, NOTIFICATION, DUE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['notification', 'period_closing', 'closed_period'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

// Those whose month turns together share a row.
const PERIOD = `
  CREATE TABLE closed_period (
    period date NOT NULL,
    billing_day smallint NOT NULL,
    time_zone text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    closed_at timestamptz NOT NULL,
    users integer NOT NULL,
    PRIMARY KEY (period, billing_day, time_zone)
  )`;

// A limit of 0 is unlimited. Limits are those of the closing's moment; grants of the period are in them.
const CLOSING = `
  CREATE TABLE period_closing (
    user_id text COLLATE "C" NOT NULL,
    period date NOT NULL,
    plan_id text NOT NULL,
    tokens bigint NOT NULL, token_limit bigint NOT NULL,
    calls bigint NOT NULL, call_limit bigint NOT NULL,
    cost_nano_usd bigint NOT NULL, cost_limit_nano_usd bigint NOT NULL,
    scripts bigint NOT NULL, script_limit bigint NOT NULL,
    images bigint NOT NULL, image_limit bigint NOT NULL,
    videos bigint NOT NULL, video_limit bigint NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, period)
  )`;

const NOTIFICATION = `
  CREATE TABLE notification (
    id uuid PRIMARY KEY,
    user_id text,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    limit_name text NOT NULL,
    unit text NOT NULL,
    period text NOT NULL,
    threshold_percent smallint NOT NULL,
    used bigint NOT NULL,
    max bigint NOT NULL,
    resets_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    delivered_at timestamptz,
    UNIQUE (subject_kind, subject_id, limit_name, period, threshold_percent)
  )`;

const DUE = 'CREATE INDEX notification_due ON notification (next_attempt_at) WHERE delivered_at IS NULL';
