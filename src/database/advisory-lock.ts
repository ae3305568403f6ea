import { setTimeout as delay } from 'node:timers/promises';
import { type Client } from 'pg';

const POLL_MS = 50;

/** Takes a session's advisory lock, and waits `waitMs` at most for whoever has it. @returns whether it is held now. */
export async function tryAdvisoryLock(client: Client, key: number, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [key]);
    if (rows[0]?.held) return true;
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
}
