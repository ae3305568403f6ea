import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Plans, users, API keys and the audit log. What the shipped plans grant is told in docs/plans.md. */
export class Identity1700000000000 implements MigrationInterface {
  readonly name = 'Identity1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [PLAN, SHIPPED_PLANS, USER, USER_EMAIL, USER_PLAN, API_KEY, API_KEY_USER]) {
      await runner.query(statement);
    }
    for (const statement of [AUDIT_LOG, AUDIT_SUBJECT, AUDIT_GUARD, AUDIT_ROWS, AUDIT_TABLE]) {
      await runner.query(statement);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_log');
    await runner.query('DROP FUNCTION audit_log_is_append_only()');
    for (const table of ['api_key', 'app_user', 'plan']) await runner.query(`DROP TABLE ${table}`);
  }
}

// Money in nano-dollars; 0 is unlimited; null says nothing.
const PLAN = `
  CREATE TABLE plan (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    name text NOT NULL,
    monthly_token_limit bigint CHECK (monthly_token_limit >= 0),
    monthly_call_limit bigint CHECK (monthly_call_limit >= 0),
    monthly_cost_limit_nano_usd bigint CHECK (monthly_cost_limit_nano_usd >= 0),
    video_generation_limit bigint CHECK (video_generation_limit >= 0),
    image_generation_limit bigint CHECK (image_generation_limit >= 0),
    script_generation_limit bigint CHECK (script_generation_limit >= 0),
    rolling_token_limit bigint CHECK (rolling_token_limit >= 0),
    max_output_tokens integer CHECK (max_output_tokens >= 0),
    quota_window text NOT NULL DEFAULT 'calendar' CHECK (quota_window IN ('calendar', 'rolling')),
    requests_per_minute integer CHECK (requests_per_minute > 0),
    burst integer CHECK (burst > 0),
    endpoint_rates jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`;

const SHIPPED_PLANS = `
  INSERT INTO plan (id, name, monthly_token_limit, monthly_call_limit, monthly_cost_limit_nano_usd,
    video_generation_limit, image_generation_limit, script_generation_limit, max_output_tokens,
    requests_per_minute, burst)
  VALUES
    ('free', 'Free', 100000, 500, 5000000000, 2, 20, 50, 1024, NULL, NULL),
    ('pro', 'Pro', 5000000, 10000, 50000000000, 50, 500, 1000, 8192, 300, 50),
    ('enterprise', 'Enterprise', 100000000, 0, 2000000000000, 0, 0, 0, NULL, 3000, 300)`;

const USER = `
  CREATE TABLE app_user (
    id text PRIMARY KEY,
    email text NOT NULL,
    password_hash text,
    name text,
    plan_id text NOT NULL REFERENCES plan (id),
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    billing_day smallint CHECK (billing_day BETWEEN 1 AND 31),
    timezone text,
    created_at timestamptz NOT NULL DEFAULT now()
  )`;

const USER_EMAIL = 'CREATE UNIQUE INDEX app_user_email ON app_user (lower(email))';
const USER_PLAN = 'CREATE INDEX app_user_plan ON app_user (plan_id)';

const API_KEY = `
  CREATE TABLE api_key (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES app_user (id),
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    prefix text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  )`;

const API_KEY_USER = 'CREATE INDEX api_key_user ON api_key (user_id, id)';

const AUDIT_LOG = `
  CREATE TABLE audit_log (
    id text PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id text,
    actor_label text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    reason text,
    before jsonb,
    after jsonb
  )`;

const AUDIT_SUBJECT = 'CREATE INDEX audit_log_subject ON audit_log (subject_kind, subject_id, id)';

const AUDIT_GUARD = `
  CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP;
  END $$`;

const AUDIT_ROWS = `
  CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()`;

const AUDIT_TABLE = `
  CREATE TRIGGER audit_log_keeps_all BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()`;
