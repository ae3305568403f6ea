import { startPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { PgSqlPool } from './pg-sql.pool.js';

const ONE = { name: 'one', text: 'SELECT 1 AS one' };

describe('PgSqlPool', () => {
  let postgres: TestPostgres;
  let pool: PgSqlPool;
  const idleErrors: Error[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    pool = new PgSqlPool({
      url: postgres.url,
      maxConnections: 1,
      onIdleError: (error) => idleErrors.push(error),
    });
    await pool.query({ name: 'make', text: 'CREATE TABLE thing (id int PRIMARY KEY)' });
  });

  afterAll(async () => {
    await pool.close();
    await postgres.stop();
  });

  const count = { name: 'count', text: 'SELECT count(*) AS things FROM thing' };
  const add = { name: 'add', text: 'INSERT INTO thing VALUES ($1)' };

  it('gives int8 and numeric as numbers, dates as text and instants as Date', async () => {
    const text = `SELECT 9007199254740991::int8 AS big, sum(1.5) AS sum, date '2026-11-21' AS day, null::int8 AS none,
                  timestamptz '2026-11-21T00:00:00Z' AS at`;
    const [row] = await pool.query({ name: 'types', text });
    expect(row).toEqual({
      big: 9_007_199_254_740_991,
      sum: 1.5,
      day: '2026-11-21',
      none: null,
      at: new Date('2026-11-21T00:00:00Z'),
    });
  });

  it('refuses to round what no number holds', async () => {
    await expect(pool.query({ name: 'huge', text: 'SELECT 9007199254740993::int8 AS big' })).rejects.toThrow(
      '9007199254740993',
    );
    expect(await pool.query(ONE)).toEqual([{ one: 1 }]);
  });

  it('commits a transaction whole', async () => {
    const result = await pool.transaction(async (session) => {
      await session.query(add, [1]);
      await session.query(add, [2]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await pool.query(count)).toEqual([{ things: 2 }]);
  });

  it('rolls all of it back when the work throws, and when the database refuses', async () => {
    const failing = pool.transaction(async (session) => {
      await session.query(add, [3]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const refused = pool.transaction(async (session) => {
      await session.query(add, [4]);
      await session.query(add, [1]);
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    expect(await pool.query(count)).toEqual([{ things: 2 }]);
  });

  it('keeps a connection that the database merely refused', async () => {
    const pid = { name: 'pid', text: 'SELECT pg_backend_pid() AS pid' };
    const before = await pool.query(pid);
    await expect(pool.query(add, [1])).rejects.toMatchObject({ code: '23505' });
    expect(await pool.query(pid)).toEqual(before);
  });

  it('heals after the server was killed', async () => {
    await postgres.kill9();
    await expect(pool.query(ONE)).rejects.toThrow();
    await postgres.restart();
    expect(await pool.query(count)).toEqual([{ things: 2 }]);
  });

  it('throws away a connection lost in mid-transaction', async () => {
    const lost = pool.transaction(async (session) => {
      await session.query(add, [5]);
      await session.query({ name: 'die', text: 'SELECT pg_terminate_backend(pg_backend_pid())' });
    });
    await expect(lost).rejects.toThrow();
    expect(await pool.query(count)).toEqual([{ things: 2 }]);
  });
});
