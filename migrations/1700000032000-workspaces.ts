import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Workspaces, who is of one, and their own keys at providers. What was used in one stays in the ledger. */
export class Workspaces1700000032000 implements MigrationInterface {
  readonly name = 'Workspaces1700000032000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [WORKSPACES, MEMBERS, MEMBERS_USER, RETIRED, KEYS, KEYS_WORKSPACE]) {
      await runner.query(statement);
    }
    // A video that was begun with a key is asked for with that key.
    await runner.query('ALTER TABLE video_job ADD COLUMN provider_key_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE video_job DROP COLUMN provider_key_id');
    for (const table of ['provider_keys', 'retired_workspaces', 'workspace_members', 'workspaces'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const WORKSPACES = `
  CREATE TABLE workspaces (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[ -~]{1,128}$'),
    name text,
    created_at timestamptz NOT NULL
  )`;

const MEMBERS = `
  CREATE TABLE workspace_members (
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES app_user (id),
    role text NOT NULL CHECK (role IN ('owner', 'member')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
  )`;

const MEMBERS_USER = 'CREATE INDEX workspace_members_user ON workspace_members (user_id, workspace_id)';

// The ledger and the rolling quota of a workspace go by its id: whoever takes it again must be one of its owners.
const RETIRED = `
  CREATE TABLE retired_workspaces (
    workspace_id text COLLATE "C" NOT NULL,
    owner_id text NOT NULL,
    PRIMARY KEY (workspace_id, owner_id)
  )`;

const KEYS = `
  CREATE TABLE provider_keys (
    id text COLLATE "C" PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    provider text NOT NULL,
    sealed bytea NOT NULL,
    encryption_key_id text NOT NULL,
    last_four text NOT NULL,
    rate_limit integer CHECK (rate_limit > 0),
    rate_limit_period_sec integer CHECK (rate_limit_period_sec > 0),
    config jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((rate_limit IS NULL) = (rate_limit_period_sec IS NULL))
  )`;

const KEYS_WORKSPACE = 'CREATE INDEX provider_keys_workspace ON provider_keys (workspace_id, id)';
