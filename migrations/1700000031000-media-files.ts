import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** A file of its own for each content, which the assets of several users share; and what assets are searched by. */
export class MediaFiles1700000031000 implements MigrationInterface {
  readonly name = 'MediaFiles1700000031000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE media_file (
        sha256 text COLLATE "C" PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        kind text NOT NULL CHECK (kind IN ('image', 'video')),
        path text NOT NULL,
        bytes integer NOT NULL CHECK (bytes > 0),
        kept_at timestamptz NOT NULL,
        uploaded_at timestamptz
      )`);
    await runner.query(`
      INSERT INTO media_file (sha256, kind, path, bytes, kept_at)
      SELECT DISTINCT ON (sha256) sha256, kind, path, bytes, created_at FROM asset ORDER BY sha256, id`);
    await runner.query('ALTER TABLE asset DROP COLUMN folder, DROP COLUMN path');
    await runner.query('ALTER TABLE asset ADD FOREIGN KEY (sha256) REFERENCES media_file');
    await runner.query('CREATE INDEX asset_user_day ON asset (user_id, created_at)');
    await runner.query('CREATE INDEX asset_tags ON asset USING gin (tags)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX asset_tags, asset_user_day');
    await runner.query('ALTER TABLE asset ADD COLUMN path text, ADD COLUMN folder text');
    await runner.query(`
      UPDATE asset SET path = f.path, folder = regexp_replace(f.path, '/[^/]*$', '')
      FROM media_file f WHERE f.sha256 = asset.sha256`);
    await runner.query('ALTER TABLE asset ALTER COLUMN path SET NOT NULL, ALTER COLUMN folder SET NOT NULL');
    await runner.query('ALTER TABLE asset DROP CONSTRAINT asset_sha256_fkey');
    await runner.query('DROP TABLE media_file');
  }
}
