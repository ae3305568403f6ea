import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The realtime sessions: whose each is, and until when calls may name it. */
export class RealtimeSessions1700000035000 implements MigrationInterface {
  readonly name = 'RealtimeSessions1700000035000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE realtime_session (
        id text PRIMARY KEY,
        user_id text NOT NULL,
        started_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      )`);
    await runner.query('CREATE INDEX realtime_session_expiry ON realtime_session (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE realtime_session');
  }
}
