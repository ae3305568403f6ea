import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The same bytes are an asset of each call that made them, and no longer of the first alone. */
export class AssetsOfCalls1700000063000 implements MigrationInterface {
  readonly name = 'AssetsOfCalls1700000063000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX asset_content');
    await runner.query(
      'CREATE UNIQUE INDEX asset_content ON asset (sha256, user_id, usage_id) NULLS NOT DISTINCT',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(TO_THE_FIRST);
    await runner.query(`
      DELETE FROM asset a USING asset first
      WHERE first.sha256 = a.sha256 AND first.user_id = a.user_id AND first.id < a.id`);
    await runner.query('DROP INDEX asset_content');
    await runner.query('CREATE UNIQUE INDEX asset_content ON asset (sha256, user_id)');
  }
}

// Before the others go: a video's job names its asset.
const TO_THE_FIRST = `
  UPDATE video_job j SET asset_id = firsts.id
  FROM asset a, LATERAL (
    SELECT f.id FROM asset f WHERE f.sha256 = a.sha256 AND f.user_id = a.user_id ORDER BY f.id LIMIT 1
  ) firsts
  WHERE a.id = j.asset_id AND firsts.id <> a.id`;
