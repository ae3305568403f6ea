import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds the few calls that were not simply settled without reading the ledger. */
export class UnsettledCalls1700000029000 implements MigrationInterface {
  readonly name = 'UnsettledCalls1700000029000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX token_usage_unsettled ON token_usage (status, created_at) WHERE status <> 'settled'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX token_usage_unsettled');
  }
}
