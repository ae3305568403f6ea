import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { DATA_FOLDER_LOCK, VISITORS_LOCK } from '../advisory-locks.js';
import { openDataFolder, type DataFolder } from './data-folder.js';
import { type EmbeddedPostgres, type EmbeddedPostgresInput } from './embedded-postgres.js';
import { DATABASE, enterPostmaster, FIRST_DATABASE, isGoing, postgresUrl } from './enter-postmaster.js';
import { ensureDatabase } from './ensure-database.js';
import { choosePostgresAccount } from './postgres-account.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import { isPostmasterOf, readPostmasterFile } from './postmaster-file.js';
import { stopPostmaster, type Postmaster } from './postmaster.js';

/**
 * The embedded PostgreSQL for a command, which comes and goes: the one that runs, whoever keeps it, else one started
 * for the while. It takes no server's place: one that starts meanwhile has it at once. The last visitor stops it where
 * no server has it.
 *
 * @throws Error of one line where it cannot run, or cannot be entered
 */
export async function visitEmbeddedPostgres({ dataDir }: EmbeddedPostgresInput): Promise<EmbeddedPostgres> {
  return (await visitRunning(dataDir)) ?? (await visitStarted(dataDir));
}

/** Needs nothing but the password: neither to own the folder nor to be able to start a PostgreSQL. */
async function visitRunning(dataDir: string): Promise<EmbeddedPostgres | undefined> {
  if (!existsSync(join(dataDir, 'postgres'))) return undefined;
  const top = realpathSync(dataDir);
  const path = join(top, 'postgres');
  const file = readPostmasterFile(path);
  if (!file?.ready || !isPostmasterOf(file.pid, path)) return undefined;
  const folder = { path, logPath: join(top, 'postgres.log'), password: passwordOf(top) };
  const postmaster = { pid: file.pid, port: file.port, child: undefined };
  try {
    return new Visit(folder, postmaster, await enter(folder, postmaster));
  } catch (error) {
    if (isGoing(error)) return undefined;
    throw error;
  }
}

async function visitStarted(dataDir: string): Promise<EmbeddedPostgres> {
  mkdirSync(dataDir, { recursive: true });
  const binaries = findPostgresBinaries();
  const account = choosePostgresAccount(dataDir, binaries.postgres);
  const folder = await openDataFolder({ dataDir, binaries, account });
  const { postmaster, entered } = await enterPostmaster({ folder, binaries, account }, (running) =>
    enter(folder, running),
  );
  return new Visit(folder, postmaster, entered);
}

function passwordOf(dataDir: string): string {
  const path = join(dataDir, 'postgres-password');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The running embedded PostgreSQL cannot be entered without ${path} (${reason}): run as the user who runs the server.`,
      { cause: error },
    );
  }
}

/** A connection that says as long as it lives that somebody is here. */
async function enter(folder: DataFolder, postmaster: Postmaster): Promise<Client> {
  const connectionString = postgresUrl(folder, postmaster, FIRST_DATABASE);
  const client = new Client({ connectionString, application_name: 'cuota visitor' });
  // Its loss shows in what the command asks next.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [VISITORS_LOCK]);
    await ensureDatabase(client, DATABASE);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

class Visit implements EmbeddedPostgres {
  constructor(
    private readonly folder: DataFolder,
    private readonly postmaster: Postmaster,
    private readonly presence: Client,
  ) {}

  get url(): string {
    return postgresUrl(this.folder, this.postmaster, DATABASE);
  }

  async stop(): Promise<void> {
    try {
      if (await this.isAlone()) await stopPostmaster(this.postmaster, this.folder);
    } catch {
      // It is gone already, or another user's to stop.
    } finally {
      await this.presence.end().catch(() => undefined);
    }
  }

  // Both locks are kept until the server is gone: who comes meanwhile finds it stopping, waits and starts it again.
  private async isAlone(): Promise<boolean> {
    await this.presence.query('SELECT pg_advisory_unlock_shared($1)', [VISITORS_LOCK]);
    return (await this.tryFor(VISITORS_LOCK)) && (await this.tryFor(DATA_FOLDER_LOCK));
  }

  private async tryFor(lock: number): Promise<boolean> {
    const { rows } = await this.presence.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
      lock,
    ]);
    return rows[0]?.held ?? false;
  }
}
