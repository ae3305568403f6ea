import { DataSource } from 'typeorm';

import { startPostgres } from '../../test/support/postgres.js';
import { until } from '../../test/support/until.js';

import { isDatabaseAway, isRefusal, wasNeverAsked } from './database-failure.js';

describe('what a database failed at', () => {
  it('G9: knows a database that was lost in the middle of a transaction from one that refuses', async () => {
    const postgres = await startPostgres();
    const source = await new DataSource({ type: 'postgres', url: postgres.url, logging: false }).initialize();
    try {
      const refused: unknown = await source.query('SELECT 1 / 0').catch((error: unknown) => error);
      expect([isRefusal(refused), isDatabaseAway(refused)]).toEqual([true, false]);

      const runner = source.createQueryRunner();
      await runner.startTransaction();
      await runner.query('SELECT 1');
      await postgres.kill9();
      await until('TypeORM has heard of it', () => runner.isReleased);
      const lost: unknown = await runner.query('SELECT 1').catch((error: unknown) => error);
      expect([isRefusal(lost), isDatabaseAway(lost), wasNeverAsked(lost)]).toEqual([false, true, false]);

      const unconnected: unknown = await source.query('SELECT 1').catch((error: unknown) => error);
      expect([isDatabaseAway(unconnected), wasNeverAsked(unconnected)]).toEqual([true, true]);
    } finally {
      await source.destroy().catch(() => undefined);
      await postgres.stop();
    }
  });
});
