import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The ledger, its two roll-ups, and what keeps it append-only and partitioned. */
export class Ledger1700000001000 implements MigrationInterface {
  readonly name = 'Ledger1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...LEDGER, ...DAILY, ...MONTHLY, ...APPEND_ONLY, ENSURE_PARTITION]) {
      await runner.query(statement);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION ensure_token_usage_partition(date)');
    for (const table of ['usage_monthly', 'usage_daily', 'token_usage']) {
      await runner.query(`DROP TABLE ${table}`);
    }
    await runner.query('DROP FUNCTION token_usage_is_append_only()');
  }
}

// write_token is of one call of the writer's: a retry after a lost connection knows its own row by it.
// COLLATE "C": keys are compared at every write, and no reader needs another order.
const LEDGER = [
  `CREATE TABLE token_usage (
    id uuid NOT NULL,
    user_id text COLLATE "C",
    api_key_id text COLLATE "C",
    workspace_id text COLLATE "C",
    workflow_id text COLLATE "C",
    session_id text COLLATE "C",
    operation text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost_nano_usd bigint NOT NULL,
    estimated_tokens bigint NOT NULL,
    write_token bigint,
    created_at timestamptz NOT NULL,
    calls integer NOT NULL,
    operation_count integer NOT NULL,
    latency_ms integer NOT NULL,
    day date NOT NULL,
    local_day date NOT NULL,
    month smallint NOT NULL,
    year smallint NOT NULL,
    estimated boolean NOT NULL,
    soft_exceeded boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('settled', 'expired', 'failed_after_output')),
    resource_id text,
    metadata jsonb NOT NULL,
    PRIMARY KEY (id, created_at)
  ) PARTITION BY RANGE (created_at)`,
  'CREATE TABLE token_usage_default PARTITION OF token_usage DEFAULT',
  'CREATE INDEX token_usage_user ON token_usage (user_id, created_at)',
  // Few rows have a session, and only those are in it.
  'CREATE INDEX token_usage_session ON token_usage (session_id, created_at) WHERE session_id IS NOT NULL',
];

// Room in each page (fillfactor) lets an increment stay in its page and touch no index.
const DAILY = [
  `CREATE TABLE usage_daily (
    user_id text COLLATE "C",
    day date NOT NULL,
    local_day date NOT NULL,
    api_key_id text COLLATE "C",
    workspace_id text COLLATE "C",
    workflow_id text COLLATE "C",
    operation text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    operation_count bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost_nano_usd bigint NOT NULL
  ) WITH (fillfactor = 80)`,
  `CREATE UNIQUE INDEX usage_daily_key ON usage_daily
    (user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model)
    NULLS NOT DISTINCT`,
  ...['api_key', 'workspace', 'workflow'].map(
    (subject) =>
      `CREATE INDEX usage_daily_${subject} ON usage_daily (${subject}_id, day) WHERE ${subject}_id IS NOT NULL`,
  ),
];

const MONTHLY = [
  `CREATE TABLE usage_monthly (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    user_id text COLLATE "C",
    operation text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    operation_count bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost_nano_usd bigint NOT NULL
  ) WITH (fillfactor = 80)`,
  `CREATE UNIQUE INDEX usage_monthly_key ON usage_monthly (month, user_id, operation) NULLS NOT DISTINCT`,
];

// TRUNCATE and DROP of a partition stay possible: retention needs them.
const APPEND_ONLY = [
  `CREATE FUNCTION token_usage_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'token_usage is append-only: % refused. Write an adjustment instead.', TG_OP;
  END $$`,
  `CREATE TRIGGER token_usage_keeps_rows BEFORE UPDATE OR DELETE ON token_usage
    FOR EACH ROW EXECUTE FUNCTION token_usage_is_append_only()`,
];

// Rows that came before their partition lie in the default one and may not be deleted there, so it is taken off,
// its rows are routed anew, and it is dropped. The parent is locked first: a writer holds it while it waits for a
// partition. Where nothing is to be moved, nobody waits.
const ENSURE_PARTITION = `
  CREATE FUNCTION ensure_token_usage_partition(month date) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    first_day date := date_trunc('month', month)::date;
    starts timestamptz := first_day::timestamp AT TIME ZONE 'UTC';
    ends timestamptz := (first_day + interval '1 month') AT TIME ZONE 'UTC';
    partition text := 'token_usage_' || to_char(first_day, 'YYYY_MM');
    early boolean;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('token_usage partitions'));
    IF to_regclass(partition) IS NOT NULL THEN RETURN false; END IF;
    SELECT EXISTS (SELECT FROM token_usage_default WHERE created_at >= starts AND created_at < ends) INTO early;
    IF early THEN
      LOCK TABLE token_usage IN ACCESS EXCLUSIVE MODE;
      ALTER TABLE token_usage DETACH PARTITION token_usage_default;
      ALTER TABLE token_usage_default RENAME TO token_usage_early;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE token_usage INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
    EXECUTE format('ALTER TABLE token_usage ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, starts, ends);
    IF early THEN
      CREATE TABLE token_usage_default (LIKE token_usage INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
      ALTER TABLE token_usage ATTACH PARTITION token_usage_default DEFAULT;
      INSERT INTO token_usage SELECT * FROM token_usage_early;
      DROP TABLE token_usage_early;
    END IF;
    RETURN true;
  END $$`;
