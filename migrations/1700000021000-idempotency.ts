import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The answers that are kept to be given again to who asks with the same Idempotency-Key. */
export class Idempotency1700000021000 implements MigrationInterface {
  readonly name = 'Idempotency1700000021000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency_key (
        user_id text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        route text COLLATE "C" NOT NULL,
        request_hash text COLLATE "C" NOT NULL,
        -- The ledger row that the run leaves; also what tells one run under the key from the next.
        usage_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'answered', 'unkept', 'lost')),
        lives_until timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        status smallint,
        headers jsonb,
        body text,
        PRIMARY KEY (user_id, key),
        CHECK ((state = 'answered') = (body IS NOT NULL))
      )`);
    await runner.query('CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_key');
  }
}
