import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations/index.js';
import { MIGRATION_LOCK } from './advisory-locks.js';

const OLDEST_VERSION = 150_000;

interface ServerVersion {
  /** 150004 for 15.4. */
  readonly number: number;
  readonly version: string;
}

/**
 * Brings a database to the newest schema; instances that start together take turns.
 *
 * @returns the names of the migrations that were run
 * @throws Error where the server is older than PostgreSQL 15
 */
export async function migrate(url: string): Promise<string[]> {
  const turn = new Client({ connectionString: url, application_name: 'cuota migrations' });
  // Its loss shows in the next query.
  turn.on('error', () => undefined);
  await turn.connect();
  try {
    await refuseOldServer(turn);
    await turn.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await runPending(url);
  } finally {
    await turn.end();
  }
}

/** What is wrong with a server of this version, or `undefined`. */
export function serverFault({ number, version }: ServerVersion): string | undefined {
  if (number >= OLDEST_VERSION) return undefined;
  return `DATABASE_URL is a PostgreSQL ${version}; Cuota needs 15 or newer. Upgrade it, or unset DATABASE_URL to use the embedded one.`;
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<ServerVersion>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version`,
  );
  const fault = rows[0] && serverFault(rows[0]);
  if (fault !== undefined) throw new Error(fault);
}

async function runPending(url: string): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    poolSize: 1,
    applicationName: 'cuota migrations',
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migration',
  });
  await dataSource.initialize();
  try {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}
