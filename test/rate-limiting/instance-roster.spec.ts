import { migrate } from '../../src/database/migrate.js';
import { PgSqlPool } from '../../src/database/pg-sql.pool.js';
import { InstanceRoster } from '../../src/rate-limiting/instances/instance-roster.store.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const SILENT_FOR_10_S = {
  name: 'silent_for_10_s',
  text: "UPDATE instance_roster SET seen_at = now() - interval '10 seconds' WHERE id = $1",
};

describe('the roster of instances', () => {
  let postgres: TestPostgres;
  let pool: PgSqlPool;

  beforeAll(async () => {
    postgres = await startPostgres();
    await migrate(postgres.url);
    pool = new PgSqlPool({ url: postgres.url, maxConnections: 2, onIdleError: () => undefined });
  });

  afterAll(async () => {
    await pool.close();
    await postgres.stop();
  });

  it('G5: takes nobody for dead who could not say that it lives, while the database was away', async () => {
    const asks = new InstanceRoster(pool);
    const silent = new InstanceRoster(pool);
    await asks.enter();
    await silent.enter();
    // It lives on, but does not beat: as one whose next beat has not come yet.
    await silent.onApplicationShutdown();
    await pool.query({ name: 'enter_again', text: 'INSERT INTO instance_roster VALUES ($1, now())' }, [
      silent.self,
    ]);

    await postgres.kill9();
    await postgres.restart();
    await until('the database answers', () => asksIt(pool));
    await pool.query(SILENT_FOR_10_S, [silent.self]);
    expect(await asks.alive()).toContain(silent.self);

    await until('it is taken for dead, a while after the start', async () => {
      return !(await asks.alive()).includes(silent.self);
    });
    expect(await asks.alive()).toEqual([asks.self]);
    await asks.onApplicationShutdown();
  }, 30_000);
});

/** A connection that the kill broke fails once. */
async function asksIt(pool: PgSqlPool): Promise<boolean> {
  const answer = await pool.query({ name: 'ask', text: 'SELECT 1' }).catch(() => undefined);
  return answer !== undefined;
}
