import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChangeFeed } from './change-feed.js';
import { PgSqlPool } from './pg-sql.pool.js';
import { PostgresEndpoint } from './postgres-endpoint.js';
import { RedisConnection } from './redis-connection.js';

/**
 * Closes the stores, in this order, after everything that writes to them: Nest ends global modules last, and of these
 * the first imported the very last.
 */
@Injectable()
export class StoresShutdown implements OnApplicationShutdown {
  constructor(
    private readonly feed: ChangeFeed,
    private readonly redis: RedisConnection,
    private readonly pool: PgSqlPool,
    private readonly dataSource: DataSource,
    private readonly endpoint: PostgresEndpoint,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.feed.close();
    await this.redis.close();
    await this.pool.close();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.endpoint.close();
  }
}
