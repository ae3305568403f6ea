import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The jobs that make videos. A job's id is that of its reservation, and of its row in the ledger. */
export class VideoJobs1700000030000 implements MigrationInterface {
  readonly name = 'VideoJobs1700000030000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [JOBS, DUE, OF_USER, ASSET_USAGE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX asset_usage');
    await runner.query('DROP TABLE video_job');
  }
}

const JOBS = `
  CREATE TABLE video_job (
    id text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    stage text NOT NULL CHECK (stage IN
      ('queued', 'creating', 'processing', 'delivering', 'settling', 'completed', 'failed', 'cancelled')),
    wish jsonb NOT NULL,
    reservation jsonb NOT NULL,
    provider text,
    model text,
    provider_job_id text,
    seconds double precision NOT NULL,
    size text NOT NULL,
    made_seconds double precision,
    progress double precision NOT NULL DEFAULT 0,
    asset_id text,
    usage jsonb,
    error jsonb,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    lease_token text,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    deleted_at timestamptz
  )`;

// Few jobs run at a time, however many there were.
const DUE = `
  CREATE INDEX video_job_due ON video_job (due_at)
  WHERE stage IN ('queued', 'creating', 'processing', 'delivering', 'settling')`;

const OF_USER = 'CREATE INDEX video_job_user ON video_job (user_id, id)';

const ASSET_USAGE = 'CREATE INDEX asset_usage ON asset (usage_id) WHERE usage_id IS NOT NULL';
