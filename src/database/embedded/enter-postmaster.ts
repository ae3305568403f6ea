import { setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';
import { EMBEDDED_USER, type DataFolder } from './data-folder.js';
import { runPostmaster, stopPostmaster, type Postmaster, type PostmasterInput } from './postmaster.js';

/** Cuota's own database. */
export const DATABASE = 'cuota';
/** Where locks are held; it is there before ours. */
export const FIRST_DATABASE = 'postgres';

const LONGEST_MS = 30_000;
const PAUSE_MS = 50;
/** Shutting down, not up yet, or just gone. */
const GOING: readonly unknown[] = ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET'];

/**
 * Finds or starts the PostgreSQL of a folder and enters it. One that its last user is just stopping is waited for and
 * started again.
 * @throws what `enter` throws for any other reason
 */
export async function enterPostmaster<Entered>(
  input: PostmasterInput,
  enter: (postmaster: Postmaster) => Promise<Entered>,
): Promise<{ postmaster: Postmaster; entered: Entered }> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const postmaster = await runPostmaster(input);
    try {
      return { postmaster, entered: await enter(postmaster) };
    } catch (error) {
      // Of ours too the last visitor may have come and gone already, and stopped it.
      if (postmaster.child) await stopPostmaster(postmaster, input.folder);
      if (!isGoing(error) || performance.now() > deadline) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** Whether an error says that the server is stopping or has stopped. */
export function isGoing(error: unknown): boolean {
  // Not `instanceof`: where code runs in a context of its own, Node's errors are of another Error.
  if (!types.isNativeError(error)) return false;
  if ('code' in error && GOING.includes(error.code)) return true;
  return /Connection terminated|connection error/.test(error.message);
}

export function postgresUrl(
  folder: Pick<DataFolder, 'password'>,
  { port }: { port: number },
  database: string,
): string {
  return `postgres://${EMBEDDED_USER}:${folder.password}@127.0.0.1:${port}/${database}`;
}
