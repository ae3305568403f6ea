import { answersInTime } from './answers-in-time.js';
import { type ChangeFeed } from './change-feed.js';
import { type RedisConnection } from './redis-connection.js';
import { type SqlPool } from './sql-pool.js';

/** Which stores answer. */
export interface StoresState {
  readonly postgres: boolean;
  readonly redis: boolean | 'off';
  /** Whether changes made elsewhere are heard of; where not, caches are bypassed. */
  readonly feed: boolean;
}

export interface StoresHealthInput {
  readonly pool: SqlPool;
  readonly redis: RedisConnection;
  readonly feed: ChangeFeed;
}

const PING = { name: 'stores_health_ping', text: 'SELECT 1' };

/** Asks the stores, for `/health/ready`. */
export class StoresHealth {
  constructor(private readonly input: StoresHealthInput) {}

  /** Within 250 ms: what has not answered by then is false. */
  async check(): Promise<StoresState> {
    const { pool, redis, feed } = this.input;
    const [postgres, redisAnswers] = await Promise.all([
      answersInTime(pool.query(PING)),
      redis.configured ? redis.ready() : ('off' as const),
    ]);
    return { postgres, redis: redisAnswers, feed: feed.live() };
  }
}
