import { Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/index.js';
import { ChangeFeed } from './change-feed.js';
import { COLUMN_TYPES } from './column-types.js';
import { HeardClient } from './heard-client.js';
import { PgSqlPool } from './pg-sql.pool.js';
import { PostgresEndpoint } from './postgres-endpoint.js';
import { PostgresModule } from './postgres.module.js';
import { ReadyConnections } from './ready-connections.js';
import { RedisConnection } from './redis-connection.js';
import { SqlPool } from './sql-pool.js';
import { StoresHealth } from './stores-health.js';
import { StoresShutdown } from './stores-shutdown.js';

const ORM_CONNECTIONS = 10;
const HOT_PATH_CONNECTIONS = 4;
/** What one call asks for at once when nothing of its caller is cached: kept open, since opening them takes longer than a call may. */
const ORM_READY_CONNECTIONS = 5;
const CONNECT_TIMEOUT_MS = 2_000;
/** Reports may take a while; nothing may take for ever. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** The stores: Postgres through TypeORM and through SqlPool, Redis, and the feed of changes between instances. */
@Global()
@Module({
  imports: [
    PostgresModule,
    TypeOrmModule.forRootAsync({
      imports: [PostgresModule],
      inject: [PostgresEndpoint],
      useFactory: ormOptions,
    }),
  ],
  providers: [
    {
      provide: PgSqlPool,
      inject: [PostgresEndpoint],
      useFactory: ({ url }: PostgresEndpoint) => newPool(url),
    },
    { provide: SqlPool, useExisting: PgSqlPool },
    {
      provide: RedisConnection,
      inject: [SETTINGS],
      useFactory: openRedis,
    },
    {
      provide: ChangeFeed,
      inject: [PostgresEndpoint, SqlPool, SETTINGS],
      useFactory: openFeed,
    },
    {
      provide: StoresHealth,
      inject: [SqlPool, RedisConnection, ChangeFeed],
      useFactory: (pool: SqlPool, redis: RedisConnection, feed: ChangeFeed) =>
        new StoresHealth({ pool, redis, feed }),
    },
    {
      provide: ReadyConnections,
      inject: [DataSource, SqlPool],
      useFactory: (orm: DataSource, pool: SqlPool) =>
        new ReadyConnections({ orm, pool, counts: [ORM_READY_CONNECTIONS, HOT_PATH_CONNECTIONS] }),
    },
    StoresShutdown,
  ],
  exports: [SqlPool, RedisConnection, ChangeFeed, StoresHealth],
})
export class DatabaseModule {}

function ormOptions({ url }: PostgresEndpoint): TypeOrmModuleOptions {
  const log = new Logger('TypeORM');
  return {
    type: 'postgres',
    url,
    autoLoadEntities: true,
    synchronize: false,
    migrationsRun: false,
    // PostgresEndpoint has waited for the server already.
    retryAttempts: 0,
    poolSize: ORM_CONNECTIONS,
    applicationName: 'cuota',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: (error: Error) => {
      log.warn(`A connection to Postgres was lost: ${error.message}`);
    },
    extra: {
      Client: HeardClient,
      types: COLUMN_TYPES,
      min: ORM_READY_CONNECTIONS,
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    },
  };
}

function newPool(url: string): PgSqlPool {
  const log = new Logger('SqlPool');
  return new PgSqlPool({
    url,
    maxConnections: HOT_PATH_CONNECTIONS,
    onIdleError: (error) => {
      log.warn(`A connection to Postgres was lost: ${error.message}`);
    },
  });
}

async function openRedis({ stores }: Settings): Promise<RedisConnection> {
  const redis = new RedisConnection(stores.redisUrl, new Logger('Redis'));
  await redis.open();
  return redis;
}

async function openFeed({ url }: PostgresEndpoint, pool: SqlPool, { stores }: Settings): Promise<ChangeFeed> {
  const silenceMs = stores.databaseSilenceMs;
  const feed = new ChangeFeed({ url, pool, log: new Logger('ChangeFeed'), silenceMs });
  await feed.start();
  return feed;
}
