import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Which instances live: so that it is known when all have registered their calls in flight in a new epoch. */
export class Instances1700000020000 implements MigrationInterface {
  readonly name = 'Instances1700000020000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE instance_roster (
        id text PRIMARY KEY,
        seen_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE instance_roster');
  }
}
