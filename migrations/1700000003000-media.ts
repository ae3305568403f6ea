import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The outputs that were made, and where their bytes are. */
export class Media1700000003000 implements MigrationInterface {
  readonly name = 'Media1700000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE asset (
        id text COLLATE "C" PRIMARY KEY,
        user_id text COLLATE "C" NOT NULL,
        usage_id text COLLATE "C",
        kind text NOT NULL CHECK (kind IN ('image', 'video')),
        sha256 text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        mime text NOT NULL,
        format text NOT NULL,
        width integer CHECK (width > 0),
        height integer CHECK (height > 0),
        bytes integer NOT NULL CHECK (bytes > 0),
        duration_seconds double precision CHECK (duration_seconds >= 0),
        tags text[] NOT NULL,
        prompt text NOT NULL,
        provider text NOT NULL,
        model text NOT NULL,
        folder text NOT NULL,
        path text NOT NULL,
        metadata jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL
      )`);
    // The hash first: it also finds the file of bytes that somebody else has already.
    await runner.query('CREATE UNIQUE INDEX asset_content ON asset (sha256, user_id)');
    await runner.query('CREATE INDEX asset_user ON asset (user_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE asset');
  }
}
