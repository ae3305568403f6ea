import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Limits of one user, API key, workspace or workflow. Money in nano-dollars; 0 is unlimited; null inherits. */
export class RateLimits1700000002000 implements MigrationInterface {
  readonly name = 'RateLimits1700000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE rate_limit (
        subject_kind text NOT NULL CHECK (subject_kind IN ('user', 'apiKey', 'workspace', 'workflow')),
        subject_id text NOT NULL,
        monthly_token_limit bigint CHECK (monthly_token_limit >= 0),
        monthly_call_limit bigint CHECK (monthly_call_limit >= 0),
        monthly_cost_limit_nano_usd bigint CHECK (monthly_cost_limit_nano_usd >= 0),
        video_generation_limit bigint CHECK (video_generation_limit >= 0),
        image_generation_limit bigint CHECK (image_generation_limit >= 0),
        script_generation_limit bigint CHECK (script_generation_limit >= 0),
        rolling_token_limit bigint CHECK (rolling_token_limit >= 0),
        enforcement text CHECK (enforcement IN ('hard', 'soft', 'shadow')),
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (subject_kind, subject_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rate_limit');
  }
}
