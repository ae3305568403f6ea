import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { tryAdvisoryLock } from './advisory-lock.js';
import { COUNTERS_IN_MEMORY_LOCK } from './advisory-locks.js';
import { waitForPostgres } from './postgres-start.js';
import { type StartLog } from './start-log.js';

/** Long enough for Postgres to notice that a killed holder is gone. */
const WAIT_MS = 5_000;
const RETAKE_MS = 1_000;

/** A holder whose machine is gone says no goodbye: Postgres is to ask after it, not after two hours. */
const NOTICE_DEAD_PEERS =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

export interface SoleCounterInput {
  /** The database that servers might share. */
  readonly url: string;
  readonly log: StartLog;
}

/**
 * The right to count this database's calls in memory, held by one server process for as long as it lives: two would let
 * each caller have everything twice. The embedded PostgreSQL has a lock of its own.
 *
 * @throws Error of one line where another process holds it
 */
export async function countAlone(input: SoleCounterInput): Promise<void> {
  await waitForPostgres(input.url, input.log);
  if (await take(input, WAIT_MS)) return;
  throw new Error(
    'Another Cuota server without REDIS_URL uses the database of DATABASE_URL, and counters in memory are no other process’s: stop that one, or set REDIS_URL for both.',
  );
}

async function take(input: SoleCounterInput, waitMs: number): Promise<boolean> {
  const client = new Client({
    connectionString: input.url,
    application_name: 'cuota counts in memory',
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(NOTICE_DEAD_PEERS);
  if (!(await tryAdvisoryLock(client, COUNTERS_IN_MEMORY_LOCK, waitMs))) {
    await client.end();
    return false;
  }
  client.once('end', () => void takeAgain(input));
  return true;
}

/** Postgres was away, and its locks with it. Who took it meanwhile has begun to count from the ledger: the operator has to choose. */
async function takeAgain(input: SoleCounterInput): Promise<void> {
  for (let told = false; ;) {
    await delay(RETAKE_MS, undefined, { ref: false });
    const held = await take(input, 0).catch(() => undefined);
    if (held) return;
    if (held === false && !told) {
      input.log.warn(
        'Another Cuota server without REDIS_URL has begun to use the database of DATABASE_URL: limits hold for each of the two apart. Stop one, or set REDIS_URL for both.',
      );
      told = true;
    }
  }
}
