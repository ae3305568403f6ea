import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the budgets of the system are counted by, and the circuit breaker. */
export class SystemBudgets1700000034000 implements MigrationInterface {
  readonly name = 'SystemBudgets1700000034000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [MINUTES, MINUTES_KEY, BREAKER, CLOSED]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE circuit_breaker');
    await runner.query('DROP TABLE usage_by_minute');
  }
}

// What all callers spent in a minute, in several rows: two commits at once do not wait for one another.
const MINUTES = `
  CREATE TABLE usage_by_minute (
    minute timestamptz NOT NULL,
    part smallint NOT NULL,
    cost_nano_usd bigint NOT NULL
  ) WITH (fillfactor = 50)`;
const MINUTES_KEY = 'CREATE UNIQUE INDEX usage_by_minute_key ON usage_by_minute (minute, part)';

// One row. It is closed where opened_at is null, or closes_at is past: then it counts from closes_at on.
const BREAKER = `
  CREATE TABLE circuit_breaker (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    since timestamptz NOT NULL,
    opened_at timestamptz,
    closes_at timestamptz,
    CHECK ((opened_at IS NULL) = (closes_at IS NULL))
  )`;
const CLOSED = "INSERT INTO circuit_breaker (since) VALUES (timestamptz 'epoch')";
