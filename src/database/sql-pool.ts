import { type QueryResultRow } from 'pg';

/** A statement. Its name is what each connection prepares it under: one name, one text. */
export interface Sql {
  readonly name: string;
  readonly text: string;
}

/** What takes statements: the pool, or one transaction of it. */
export abstract class SqlSession {
  /**
   * Runs a prepared statement. int8 and numeric come as numbers, date as `2026-11-21`, timestamptz as Date.
   *
   * @throws pg's DatabaseError where the database refused; another Error where it could not be reached or did not
   * answer in time, and then what was asked may or may not have been done
   */
  abstract query<Row extends QueryResultRow>(sql: Sql, values?: readonly unknown[]): Promise<Row[]>;
}

/** The hot path's own few connections, apart from those of the ORM, so that a slow report holds up no call. */
export abstract class SqlPool extends SqlSession {
  /** Commits what `work` did when it resolves, rolls back when it rejects. */
  abstract transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result>;
}
