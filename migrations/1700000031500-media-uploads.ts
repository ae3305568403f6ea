import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What has yet to come from a disk to the store outside, and when that store's room was looked at. */
export class MediaUploads1700000031500 implements MigrationInterface {
  readonly name = 'MediaUploads1700000031500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE media_upload (
        sha256 text COLLATE "C" NOT NULL REFERENCES media_file,
        disk text COLLATE "C" NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL,
        failure text,
        PRIMARY KEY (sha256, disk)
      )`);
    await runner.query('CREATE INDEX media_upload_due ON media_upload (disk, next_attempt_at)');
    await runner.query(`
      CREATE TABLE media_check (
        store text PRIMARY KEY,
        next_check_at timestamptz NOT NULL,
        checked_at timestamptz,
        usage jsonb
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE media_check');
    await runner.query('DROP TABLE media_upload');
  }
}
