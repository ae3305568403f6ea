import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The messages of workspaces, and the workers that are to work at them. */
export class Messages1700000033000 implements MigrationInterface {
  readonly name = 'Messages1700000033000';

  async up(runner: QueryRunner): Promise<void> {
    const tables = [MESSAGES, SCALES, INSTANCES, SLOTS];
    for (const statement of [...tables, ...INDEXES]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['worker_slot', 'worker_instance', 'worker_scale', 'message']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

const MESSAGES = `
  CREATE TABLE message (
    id text COLLATE "C" PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    caller jsonb NOT NULL,
    wish jsonb NOT NULL,
    sequence_index integer,
    html_tag text,
    stage text NOT NULL CHECK (stage IN ('queued', 'processing', 'settling', 'completed', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    claimed_by text,
    reservation_id text COLLATE "C",
    reservation jsonb,
    past_reservations text[] COLLATE "C" NOT NULL DEFAULT '{}',
    result text,
    usage jsonb,
    error jsonb,
    announced_at timestamptz,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
  )`;

const SCALES = `
  CREATE TABLE worker_scale (
    workspace_id text COLLATE "C" PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    wanted integer NOT NULL
  )`;

const INSTANCES = `
  CREATE TABLE worker_instance (
    id text PRIMARY KEY,
    lease_until timestamptz NOT NULL
  )`;

const SLOTS = `
  CREATE TABLE worker_slot (
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    number integer NOT NULL,
    owner text,
    state text,
    since timestamptz,
    PRIMARY KEY (workspace_id, number)
  )`;

// Few messages are under way at a time, however many there were.
const INDEXES = [
  `CREATE INDEX message_due ON message (workspace_id, due_at) WHERE stage IN ('queued', 'processing', 'settling')`,
  `CREATE INDEX message_due_anywhere ON message (due_at) WHERE stage IN ('queued', 'processing', 'settling')`,
  `CREATE INDEX message_unannounced ON message (due_at) WHERE stage = 'queued' AND announced_at IS NULL`,
  `CREATE INDEX message_claimed ON message (claimed_by) WHERE claimed_by IS NOT NULL`,
  'CREATE INDEX message_reservation ON message (reservation_id)',
  `CREATE INDEX message_past_reservations ON message USING gin (past_reservations) WHERE past_reservations <> '{}'`,
  'CREATE INDEX message_workspace ON message (workspace_id, id)',
  'CREATE INDEX worker_slot_owner ON worker_slot (owner)',
];
