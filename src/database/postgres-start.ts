import { setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';
import { Client } from 'pg';
import { type StartLog } from './start-log.js';

const ATTEMPT_TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;
/** Not there yet, or just coming up: waiting may help. A wrong password or name is none of these. */
const PASSING_CODES: readonly string[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  '57P03',
  '53300',
];

/**
 * Waits for the server of DATABASE_URL, which often starts together with us.
 *
 * @throws Error that says where it looked and what came back
 */
export async function waitForPostgres(url: string, log: StartLog, patienceMs = 30_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const place = placeOf(url);
  for (let attempt = 1; ; attempt++) {
    const error = await tryToConnect(url);
    if (!error) return;
    if (!isPassing(error) || performance.now() > deadline) {
      throw new Error(`DATABASE_URL: PostgreSQL at ${place} cannot be used: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    if (attempt === 1) log.warn(`Waiting for PostgreSQL at ${place}: ${reasonOf(error)}`);
    await delay(PAUSE_MS);
  }
}

async function tryToConnect(url: string): Promise<Error | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: ATTEMPT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return types.isNativeError(error) ? error : new Error(String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isPassing(error: Error): boolean {
  if (error.message.includes('timeout')) return true;
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && PASSING_CODES.includes(code);
}

// Several addresses tried and refused make an AggregateError whose own message is empty.
function reasonOf(error: Error): string {
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.map(String).join('; ');
  return error.message;
}

/** Never the password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
