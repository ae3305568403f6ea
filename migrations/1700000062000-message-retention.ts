import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds messages by when they ended. */
export class MessageRetention1700000062000 implements MigrationInterface {
  readonly name = 'MessageRetention1700000062000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX message_completed ON message (completed_at) WHERE completed_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX message_completed');
  }
}
