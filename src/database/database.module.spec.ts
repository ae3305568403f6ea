import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { describeWithRedis, startRedis, type TestRedis } from '../../test/support/redis.js';
import { until } from '../../test/support/until.js';
import { ConfigModule } from '../config/config.module.js';
import { readSettings } from '../config/settings.js';
import { ChangeFeed } from './change-feed.js';
import { DatabaseModule } from './database.module.js';
import { SqlPool } from './sql-pool.js';
import { StoresHealth } from './stores-health.js';

const ONE = { name: 'one', text: 'SELECT 1 AS one' };

/** Writes its last words as late as anyone may. */
@Injectable()
class LastWriter implements OnApplicationShutdown {
  wrote: unknown;

  constructor(
    private readonly pool: SqlPool,
    private readonly dataSource: DataSource,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.wrote = [await this.pool.query(ONE), await this.dataSource.query(ONE.text)];
  }
}

@Module({ providers: [LastWriter] })
class WriterModule {}

async function startApplication(env: Record<string, string>): Promise<TestingModule> {
  const read = readSettings(env);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  const imports = [ConfigModule.forRoot(read.settings), DatabaseModule, WriterModule];
  const application = await Test.createTestingModule({ imports }).compile();
  application.useLogger(false);
  return application.init();
}

describe('DatabaseModule', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres.stop();
  });

  it('serves several applications in one process, each with its own stores', async () => {
    const urls = [await postgres.newDatabase(), await postgres.newDatabase()];
    const [one, two] = await Promise.all(urls.map((url) => startApplication({ DATABASE_URL: url })));
    await one?.close();
    expect(await two?.get(SqlPool).query(ONE)).toEqual([{ one: 1 }]);
    expect(two?.get(ChangeFeed).live()).toBe(true);
    await two?.close();
  });

  it('has the connections open that a first call asks for at once', async () => {
    const application = await startApplication({ DATABASE_URL: await postgres.newDatabase() });
    const { length } = await application.get(SqlPool).query({
      name: 'connections',
      text: 'SELECT 1 FROM pg_stat_activity WHERE datname = current_database()',
    });
    // Nine, and the one that listens for changes.
    expect(length).toBe(10);
    await application.close();
  });

  it('gives the ORM the same column types as the pool', async () => {
    const application = await startApplication({ DATABASE_URL: await postgres.newDatabase() });
    const rows: unknown = await application
      .get(DataSource)
      .query(`SELECT 5::int8 AS five, date '2026-11-21' AS day`);
    expect(rows).toEqual([{ five: 5, day: '2026-11-21' }]);
    await application.close();
  });

  it('closes the stores after everyone else has written', async () => {
    const application = await startApplication({ DATABASE_URL: await postgres.newDatabase() });
    const writer = application.get(LastWriter);
    const dataSource = application.get(DataSource);
    await application.close();
    expect(writer.wrote).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    expect(dataSource.isInitialized).toBe(false);
  });

  it('says which stores answer within 250 ms, and heals', async () => {
    const application = await startApplication({ DATABASE_URL: await postgres.newDatabase() });
    const health = application.get(StoresHealth);
    expect(await health.check()).toEqual({ postgres: true, redis: 'off', feed: true });
    postgres.pause();
    const askedAt = performance.now();
    expect((await health.check()).postgres).toBe(false);
    expect(performance.now() - askedAt).toBeLessThan(400);
    postgres.resume();
    await until('all is well again', async () => {
      const state = await health.check();
      return state.postgres && state.feed;
    });
    await application.close();
  });

  describeWithRedis('with REDIS_URL', () => {
    let redis: TestRedis;

    beforeAll(async () => {
      redis = await startRedis();
    });

    afterAll(async () => {
      await redis.stop();
    });

    it('asks Redis too', async () => {
      const application = await startApplication({
        DATABASE_URL: await postgres.newDatabase(),
        REDIS_URL: redis.url,
      });
      const health = application.get(StoresHealth);
      expect(await health.check()).toEqual({ postgres: true, redis: true, feed: true });
      await redis.kill9();
      await until('it is missed', async () => (await health.check()).redis === false);
      await redis.restart();
      await until('it is back', async () => (await health.check()).redis === true);
      await application.close();
    });
  });
});
