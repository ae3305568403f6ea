import { type Cluster } from 'ioredis';

import { clusterKeys } from '../../src/rate-limiting/counters/redis/keys.js';
import { standingEpoch } from '../../src/rate-limiting/counters/redis/epoch.js';
import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { ShardedCounterStore } from '../../src/rate-limiting/counters/sharded/sharded-counter.store.js';
import { type FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { describeWithRedis } from '../support/redis.js';
import { startRedisCluster, type TestRedisCluster } from '../support/redis-cluster.js';

import { describeCounterStore } from './counter-store.contract.js';

describeWithRedis('A Redis Cluster', () => {
  let servers: TestRedisCluster;
  let cluster: Cluster;

  beforeAll(async () => {
    servers = await startRedisCluster();
    cluster = await servers.connect();
  }, 30_000);

  afterAll(async () => {
    await cluster.quit();
    await servers.stop();
  });

  const newStore = (clock: FrozenClock) =>
    new ShardedCounterStore(
      clusterKeys().map((keys) => new RedisCounterStore(cluster, standingEpoch(keys), () => clock.now())),
    );

  describeCounterStore('A Redis Cluster', newStore);
});
