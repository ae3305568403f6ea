import { type Settings } from '../config/index.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { migrate } from './migrate.js';
import { waitForPostgres } from './postgres-start.js';
import { type StartLog } from './start-log.js';

/** A PostgreSQL that answers and has the newest schema: the one of DATABASE_URL, else the embedded one. */
export class PostgresEndpoint {
  private constructor(
    readonly url: string,
    private readonly embedded: EmbeddedPostgres | undefined,
    private readonly log: StartLog,
  ) {}

  /** @throws Error of one line that says what is wrong and what to do */
  static async open({ databaseUrl, dataDir }: Settings['stores'], log: StartLog): Promise<PostgresEndpoint> {
    const embedded = databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir, log }) : undefined;
    const endpoint = new PostgresEndpoint(embedded?.url ?? databaseUrl ?? '', embedded, log);
    try {
      if (!embedded) await waitForPostgres(endpoint.url, log);
      await endpoint.bringUpToDate();
      return endpoint;
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  /** Stops the embedded PostgreSQL; another's goes on. */
  async close(): Promise<void> {
    await this.embedded?.stop();
  }

  private async bringUpToDate(): Promise<void> {
    const done = await migrate(this.url);
    if (done.length > 0) this.log.log(`Migrated the database: ${done.join(', ')}`);
  }
}
