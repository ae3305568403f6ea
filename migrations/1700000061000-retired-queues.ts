import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** When a workspace was deleted, and when its queue was at the broker. */
export class RetiredQueues1700000061000 implements MigrationInterface {
  readonly name = 'RetiredQueues1700000061000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE retired_workspaces
        ADD COLUMN retired_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN queue_deleted_at timestamptz`);
    await runner.query(
      'CREATE INDEX retired_workspaces_queue ON retired_workspaces (retired_at) WHERE queue_deleted_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE retired_workspaces DROP COLUMN retired_at, DROP COLUMN queue_deleted_at');
  }
}
