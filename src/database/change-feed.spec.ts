import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { until } from '../../test/support/until.js';
import { ChangeFeed, type Change } from './change-feed.js';
import { FreshCache, type Soon } from './fresh-cache.js';
import { PgSqlPool } from './pg-sql.pool.js';

const said: string[] = [];
const log = { log: (line: string) => said.push(line), warn: (line: string) => said.push(line) };

/** One instance of the application as far as its feed goes. */
class Instance {
  readonly heard: Change[] = [];
  readonly pool: PgSqlPool;
  readonly feed: ChangeFeed;
  readonly cache: FreshCache<string, number>;
  interruptions = 0;

  constructor(url: string) {
    this.pool = new PgSqlPool({ url, maxConnections: 1, onIdleError: () => undefined });
    this.feed = new ChangeFeed({ url, pool: this.pool, log, silenceMs: 200 });
    this.cache = new FreshCache(this.feed, { maxEntries: 10 });
    this.feed.onInterruption(() => this.interruptions++);
    this.feed.onChange((change) => {
      this.heard.push(change);
      this.cache.evict(change.id);
    });
  }

  limit(): Soon<number> {
    return this.cache.get('plan', async () => {
      const rows = await this.pool.query<{ value: number }>({
        name: 'read',
        text: 'SELECT value FROM setting',
      });
      return rows[0]?.value ?? 0;
    });
  }

  async stop(): Promise<void> {
    this.feed.close();
    await this.pool.close();
  }
}

describe('ChangeFeed', () => {
  let postgres: TestPostgres;
  let one: Instance;
  let two: Instance;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres.stop();
  });

  beforeEach(async () => {
    const url = await postgres.newDatabase();
    one = new Instance(url);
    two = new Instance(url);
    await one.pool.query({ name: 'make', text: 'CREATE TABLE setting AS SELECT 1 AS value' });
    await Promise.all([one.feed.start(), two.feed.start()]);
  });

  afterEach(async () => {
    await Promise.all([one.stop(), two.stop()]);
  });

  /** As another process would do it, over a connection of its own. */
  async function changeTo(value: number): Promise<void> {
    const client = new Client({ connectionString: postgres.url.replace(/\w+$/, await databaseName()) });
    await client.connect();
    await client.query(`WITH changed AS (UPDATE setting SET value = ${value} RETURNING 1)
                        SELECT pg_notify('cuota_changes', '{"kind":"limit","id":"plan"}') FROM changed`);
    await client.end();
  }

  async function databaseName(): Promise<string> {
    const [row] = await one.pool.query<{ name: string }>({
      name: 'name',
      text: 'SELECT current_database() AS name',
    });
    return row?.name ?? '';
  }

  async function cutConnections(): Promise<void> {
    await one.pool.query({
      name: 'cut',
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'cuota change feed' AND datname = current_database()`,
    });
  }

  it('is live at once, and tells every instance, the one that published included', async () => {
    expect([one.feed.live(), two.feed.live()]).toEqual([true, true]);
    await one.feed.publish({ kind: 'plan', id: 'free' });
    await until('both hear of it', () => one.heard.length === 1 && two.heard.length === 1);
    expect(two.heard).toEqual([{ kind: 'plan', id: 'free' }]);
  });

  it('tells of a change in a transaction when that commits, and of none that is rolled back', async () => {
    const url = postgres.url.replace(/\w+$/, await databaseName());
    const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
    const aborted = dataSource.transaction(async (manager) => {
      await one.feed.publish({ kind: 'plan', id: 'rolled back' }, manager);
      throw new Error('no');
    });
    await expect(aborted).rejects.toThrow('no');
    await dataSource.transaction(async (manager) => {
      await one.feed.publish({ kind: 'plan', id: 'committed' }, manager);
      await one.feed.publish({ kind: 'plan', id: 'sent before it' });
      await until('the other message is there', () => two.heard.length === 1);
    });
    await until('the commit is heard of', () => two.heard.length === 2);
    expect(two.heard.map(({ id }) => id)).toEqual(['sent before it', 'committed']);
    await dataSource.destroy();
  });

  it('ignores what is no change', async () => {
    for (const payload of ['not json', '{"kind":1,"id":"x"}', 'null', '']) {
      await one.pool.query({ name: 'send', text: `SELECT pg_notify('cuota_changes', $1)` }, [payload]);
    }
    await one.feed.publish({ kind: 'plan', id: 'pro' });
    await until('the real one is heard of', () => two.heard.length > 0);
    expect(two.heard).toEqual([{ kind: 'plan', id: 'pro' }]);
  });

  it('stops telling a listener that has ended it', async () => {
    const heard: string[] = [];
    const end = two.feed.onChange(({ id }) => heard.push(id));
    end();
    await one.feed.publish({ kind: 'plan', id: 'x' });
    await until('the instance hears of it', () => two.heard.length === 1);
    expect(heard).toEqual([]);
  });

  it('G8: a limit changed by another process holds within a second', async () => {
    expect([await one.limit(), await two.limit()]).toEqual([1, 1]);
    await changeTo(2);
    const changedAt = performance.now();
    await until('both see it', async () => (await one.limit()) === 2 && (await two.limit()) === 2);
    expect(performance.now() - changedAt).toBeLessThan(1_000);
  });

  it('G8: heals when its connection is cut, and what changed meanwhile is seen', async () => {
    await two.limit();
    const before = two.interruptions;
    await cutConnections();
    await until('the cut is noticed', () => two.interruptions > before);
    await changeTo(3);
    expect(await two.limit()).toBe(3);
    await until('both are live again', () => one.feed.live() && two.feed.live());
    await one.feed.publish({ kind: 'plan', id: 'after' });
    await until('and hear', () => two.heard.some(({ id }) => id === 'after'));
  });

  it('G8: a server that hangs is noticed within a second, one that was killed at once, and both heal', async () => {
    const others = one.interruptions;
    postgres.pause();
    const pausedAt = performance.now();
    await until('it is not live', () => !one.feed.live());
    expect(performance.now() - pausedAt).toBeLessThan(1_000);
    postgres.resume();
    await until('it is live again', () => one.feed.live());
    await postgres.kill9();
    await until('it is lost', () => !one.feed.live());
    await postgres.restart();
    await until('it is live for the third time', () => one.feed.live() && two.feed.live());
    expect(one.interruptions).toBeGreaterThan(others);
  });

  it('G8: is not trusted after the process itself stood still, until it has caught up', async () => {
    const standstillEnds = performance.now() + 1_000;
    while (performance.now() < standstillEnds);
    expect(one.feed.live()).toBe(false);
    await until('it has caught up', () => one.feed.live());
  });

  it('says nothing more once it is closed', async () => {
    two.feed.close();
    expect(two.feed.live()).toBe(false);
    await one.feed.publish({ kind: 'plan', id: 'x' });
    await until('the other hears of it', () => one.heard.length === 1);
    expect(two.heard).toEqual([]);
  });
});
