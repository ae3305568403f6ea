export { ChangeFeed, type Change } from './change-feed.js';
export { isDatabaseAway, isRefusal } from './database-failure.js';
export { DatabaseModule } from './database.module.js';
export { FreshCache, type FeedState, type FreshCacheOptions } from './fresh-cache.js';
export { migrate } from './migrate.js';
export { RedisConnection } from './redis-connection.js';
export { SilenceWatch, StoreSilent } from './silence-watch.js';
export { SqlPool, SqlSession, type Sql } from './sql-pool.js';
export { StoresHealth, type StoresState } from './stores-health.js';
