import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** An admin's resets and grants, beside a ledger that is never edited. */
export class QuotaAdjustments1700000022000 implements MigrationInterface {
  readonly name = 'QuotaAdjustments1700000022000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [ADJUSTMENT, GRANTS, DAYS, DAYS_BY_SUBJECT]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quota_adjustment_day');
    await runner.query('DROP TABLE quota_adjustment');
  }
}

// One row an admin's act. A grant is room of one unit in one period; what a reset took back is in the days below.
const ADJUSTMENT = `
  CREATE TABLE quota_adjustment (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('reset', 'grant')),
    subject_kind text NOT NULL CHECK (subject_kind IN ('user', 'apiKey', 'workspace', 'workflow', 'all')),
    subject_id text COLLATE "C",
    unit text,
    amount bigint CHECK (amount > 0),
    period date,
    expires_at timestamptz,
    reason text NOT NULL,
    actor_id text,
    actor_label text NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK ((subject_kind = 'all') = (subject_id IS NULL)),
    CHECK ((kind = 'grant') = (unit IS NOT NULL AND amount IS NOT NULL AND period IS NOT NULL AND expires_at IS NOT NULL))
  )`;

const GRANTS = `CREATE INDEX quota_adjustment_grants ON quota_adjustment (subject_id, period) WHERE kind = 'grant'`;

// In the shape of usage_daily, and negative: any window is the sum of both over its days.
const DAYS = `
  CREATE TABLE quota_adjustment_day (
    adjustment_id uuid NOT NULL REFERENCES quota_adjustment (id),
    subject_kind text NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    local_day date NOT NULL,
    operation text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    operation_count bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost_nano_usd bigint NOT NULL,
    PRIMARY KEY (adjustment_id, subject_kind, subject_id, day, local_day, operation)
  )`;

const DAYS_BY_SUBJECT =
  'CREATE INDEX quota_adjustment_day_subject ON quota_adjustment_day (subject_kind, subject_id, day)';
