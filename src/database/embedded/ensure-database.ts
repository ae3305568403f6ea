import { type Client } from 'pg';
import { MIGRATION_LOCK } from '../advisory-locks.js';

/** Makes a database where it is not there yet; who comes at the same moment waits for it. */
export async function ensureDatabase(client: Client, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
}
