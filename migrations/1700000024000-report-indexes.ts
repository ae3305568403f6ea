import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What reports over all users find their days and users by. */
export class ReportIndexes1700000024000 implements MigrationInterface {
  readonly name = 'ReportIndexes1700000024000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [DAYS, USERS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['usage_daily_days', 'usage_monthly_user']) await runner.query(`DROP INDEX ${index}`);
  }
}

// Rows come in the order of their days and stay in their pages, so a summary of each stretch of pages tells where a day
// is: some kilobytes, and no work for a write but at a stretch's end.
const DAYS = `
  CREATE INDEX usage_daily_days ON usage_daily USING brin (day) WITH (pages_per_range = 64, autosummarize = on)`;

// Several months in the order of users, a page at a time. Only a user's first call of a month writes to it: increments
// touch no index.
const USERS = 'CREATE INDEX usage_monthly_user ON usage_monthly (user_id, operation, month)';
