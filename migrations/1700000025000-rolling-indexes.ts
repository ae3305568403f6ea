import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the rolling sums of a workflow within its workspace or user are found by. */
export class RollingIndexes1700000025000 implements MigrationInterface {
  readonly name = 'RollingIndexes1700000025000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [IN_WORKSPACE, IN_USER]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['usage_daily_workspace_workflow', 'usage_daily_user_workflow'])
      await runner.query(`DROP INDEX ${index}`);
  }
}

// Many share a workflow's name, and a workspace has many workflows: neither alone finds few rows. Only rows with a
// workflow are in them, and only a day's first write of its kind touches them.
const IN_WORKSPACE = `
  CREATE INDEX usage_daily_workspace_workflow ON usage_daily (workspace_id, workflow_id, day)
  WHERE workflow_id IS NOT NULL AND workspace_id IS NOT NULL`;

const IN_USER = `
  CREATE INDEX usage_daily_user_workflow ON usage_daily (user_id, workflow_id, day)
  WHERE workflow_id IS NOT NULL AND workspace_id IS NULL`;
