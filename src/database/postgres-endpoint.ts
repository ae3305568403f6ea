import { type ProcessRole, type Settings } from '../config/index.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { visitEmbeddedPostgres } from './embedded/embedded-visit.js';
import { migrate } from './migrate.js';
import { waitForPostgres } from './postgres-start.js';
import { type StartLog } from './start-log.js';

/** A server often starts together with its PostgreSQL; somebody sits before a command and waits. */
const PATIENCE_MS: Readonly<Record<ProcessRole, number>> = {
  server: 30_000,
  worker: 30_000,
  command: 3_000,
};

/** A PostgreSQL that answers and has the newest schema: the one of DATABASE_URL, else the embedded one. */
export class PostgresEndpoint {
  /** The migrations that were run now. */
  migrated: readonly string[] = [];

  private constructor(
    readonly url: string,
    private readonly embedded: EmbeddedPostgres | undefined,
    private readonly log: StartLog,
  ) {}

  /**
   * A command shares the embedded PostgreSQL with the server that runs; a server has it for itself.
   * @throws Error of one line that says what is wrong and what to do
   */
  static async open(
    { databaseUrl, dataDir }: Settings['stores'],
    log: StartLog,
    role: ProcessRole = 'server',
  ): Promise<PostgresEndpoint> {
    const enter = role === 'server' ? startEmbeddedPostgres : visitEmbeddedPostgres;
    const embedded = databaseUrl === undefined ? await enter({ dataDir, log }) : undefined;
    const endpoint = new PostgresEndpoint(embedded?.url ?? databaseUrl ?? '', embedded, log);
    try {
      if (!embedded) await waitForPostgres(endpoint.url, log, PATIENCE_MS[role]);
      await endpoint.bringUpToDate();
      return endpoint;
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  /** Stops the embedded PostgreSQL that is this process's; another's goes on. */
  async close(): Promise<void> {
    await this.embedded?.stop();
  }

  private async bringUpToDate(): Promise<void> {
    this.migrated = await migrate(this.url);
    if (this.migrated.length > 0) this.log.log(`Migrated the database: ${this.migrated.join(', ')}`);
  }
}
