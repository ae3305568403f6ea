import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** A closed period is counted again, for calls that were settled after it. */
export class RecountedPeriods1700000064000 implements MigrationInterface {
  readonly name = 'RecountedPeriods1700000064000';

  // Null: as it was closed. So that an instance of before this may still close one.
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE closed_period ADD COLUMN counted_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE closed_period DROP COLUMN counted_at');
  }
}
