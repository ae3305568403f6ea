import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds the call that made a thing by the provider's name for it; few rows have one. */
export class UsageResources1700000060000 implements MigrationInterface {
  readonly name = 'UsageResources1700000060000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX token_usage_resource ON token_usage (resource_id) WHERE resource_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX token_usage_resource');
  }
}
