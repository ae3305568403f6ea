import { Client } from 'pg';
import { tryAdvisoryLock } from '../advisory-lock.js';
import { DATA_FOLDER_LOCK } from '../advisory-locks.js';
import { ensureDatabase } from './ensure-database.js';

export interface DataFolderLockInput {
  /** The database in which every server asks for it: advisory locks are per database. */
  readonly url: string;
  /** Called once, when it was held and its connection is gone. */
  readonly onLost: () => void;
}

/** Long enough for Postgres to notice that a killed holder is gone. */
const WAIT_MS = 2_000;

/** The right to use an embedded PostgreSQL, held by one server process for as long as it lives. */
export class DataFolderLock {
  private released = false;
  private lost = false;

  private constructor(private readonly client: Client) {}

  /** The lock, or `undefined` where another process holds it. */
  static async take({ url, onLost }: DataFolderLockInput): Promise<DataFolderLock | undefined> {
    const client = new Client({ connectionString: url, application_name: 'cuota data folder lock' });
    client.on('error', () => undefined);
    await client.connect();
    if (!(await tryAdvisoryLock(client, DATA_FOLDER_LOCK, WAIT_MS))) {
      await client.end();
      return undefined;
    }
    const lock = new DataFolderLock(client);
    client.once('end', () => {
      lock.lost = true;
      if (!lock.released) onLost();
    });
    return lock;
  }

  get held(): boolean {
    return !this.released && !this.lost;
  }

  async release(): Promise<void> {
    this.released = true;
    await this.client.end();
  }

  /** Makes a database where it is not there yet. */
  async ensureDatabase(name: string): Promise<void> {
    await ensureDatabase(this.client, name);
  }
}
