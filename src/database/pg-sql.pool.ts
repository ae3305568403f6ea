import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { COLUMN_TYPES } from './column-types.js';
import { isRefusal } from './database-failure.js';
import { HeardClient } from './heard-client.js';
import { SqlPool, SqlSession, type Sql } from './sql-pool.js';

export interface PgSqlPoolInput {
  readonly url: string;
  readonly maxConnections: number;
  /** Told of a connection that broke while nobody used it. */
  readonly onIdleError: (error: Error) => void;
}

/** Also for waiting until one of the few is free, which under load takes its time. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 5_000;
/** For a server that hangs and so does not keep its own time limit. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 500;
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;

/** SqlPool over node-postgres. A connection that failed in any other way than by the database's own refusal is thrown away. */
export class PgSqlPool extends SqlPool {
  private readonly pool: Pool;

  constructor(input: PgSqlPoolInput) {
    super();
    this.pool = new Pool({
      Client: HeardClient,
      connectionString: input.url,
      max: input.maxConnections,
      // They are few, and a call must not wait until one is opened.
      min: input.maxConnections,
      types: COLUMN_TYPES,
      application_name: 'cuota',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    });
    // Unheard, a broken idle connection would end the process.
    this.pool.on('error', (error) => {
      if (!this.pool.ending) input.onIdleError(error);
    });
  }

  query<Row extends QueryResultRow>(sql: Sql, values: readonly unknown[] = []): Promise<Row[]> {
    return this.withClient((session) => session.query<Row>(sql, values));
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.withClient(async (session) => {
      await session.control('BEGIN');
      try {
        const result = await work(session);
        await session.control('COMMIT');
        return result;
      } catch (error) {
        // Over a broken connection there is nothing to roll back: the transaction goes with it.
        if (!session.broken) await session.control('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Waits for what runs, then closes every connection. */
  async close(): Promise<void> {
    if (!this.pool.ended && !this.pool.ending) await this.pool.end();
  }

  private async withClient<Result>(work: (session: ClientSession) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    const session = new ClientSession(client);
    // Unheard while it is lent, a lost connection would end the process as well; the query in flight tells the rest.
    const onError = (): void => {
      session.broken = true;
    };
    client.on('error', onError);
    try {
      return await work(session);
    } finally {
      client.off('error', onError);
      client.release(session.broken);
    }
  }
}

class ClientSession extends SqlSession {
  broken = false;

  constructor(private readonly client: PoolClient) {
    super();
  }

  async query<Row extends QueryResultRow>(sql: Sql, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.watch(
      this.client.query<Row>({ name: sql.name, text: sql.text, values: [...values] }),
    );
    return result.rows;
  }

  async control(statement: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await this.watch(this.client.query(statement));
  }

  private async watch<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      this.broken ||= !isRefusal(error);
      throw error;
    }
  }
}
