import { describeWithRedis, startRedis, type TestRedis } from '../../test/support/redis.js';
import { startRedisCluster } from '../../test/support/redis-cluster.js';
import { until } from '../../test/support/until.js';
import { RedisConnection } from './redis-connection.js';

const said: string[] = [];
const log = { log: (line: string) => said.push(line), warn: (line: string) => said.push(line) };

describe('RedisConnection without REDIS_URL', () => {
  it('is none', async () => {
    const connection = new RedisConnection(undefined, log);
    await connection.open();
    expect(connection.client).toBeUndefined();
    expect(await connection.ready()).toBe(false);
    await connection.close();
  });
});

describeWithRedis('RedisConnection', () => {
  let redis: TestRedis;
  let connection: RedisConnection;

  beforeEach(async () => {
    said.length = 0;
    redis = await startRedis();
    connection = new RedisConnection(redis.url, log);
    await connection.open();
  });

  afterEach(async () => {
    redis.resume();
    await connection.close();
    await redis.stop();
  });

  async function failureMs(): Promise<number> {
    const startedAt = performance.now();
    await expect(connection.client?.get('x')).rejects.toThrow();
    return performance.now() - startedAt;
  }

  it('is ready when it is open', async () => {
    expect(await connection.ready()).toBe(true);
    expect(said).toEqual([]);
  });

  it('G9: fails at once while Redis is gone, says so once, and heals by itself', async () => {
    await redis.kill9();
    await until('it is noticed', () => said.length > 0);
    expect(await failureMs()).toBeLessThan(250);
    expect(await connection.ready()).toBe(false);
    await redis.restart();
    await until('it is back', () => connection.ready());
    expect(said).toEqual([expect.stringMatching(/^Redis cannot be reached/), 'Redis is back.']);
  });

  it('G9: a command ends within seconds while Redis hangs, readiness in 250 ms, and it heals by itself', async () => {
    redis.pause();
    const askedAt = performance.now();
    expect(await connection.ready()).toBe(false);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect(await failureMs()).toBeLessThan(8_000);
    redis.resume();
    await until('it answers', () => connection.ready());
  });

  it('opens though Redis is not there yet, and connects when it is', async () => {
    await redis.kill9();
    const early = new RedisConnection(redis.url, log);
    await early.open();
    expect(await early.ready()).toBe(false);
    await redis.restart();
    await until('it is ready', () => early.ready());
    await early.close();
  });

  it('warns of an eviction policy that throws counters away', async () => {
    await connection.client?.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const second = new RedisConnection(redis.url, log);
    await second.open();
    await until('it warns', () => said.some((line) => line.includes('allkeys-lru')));
    await second.close();
  });
});

describeWithRedis('RedisConnection to a cluster', () => {
  it('finds all masters from two, warns of each that throws counters away, and is ready while all answer', async () => {
    said.length = 0;
    const cluster = await startRedisCluster();
    const setting = await cluster.connect();
    for (const node of setting.nodes('master')) await node.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await setting.quit();
    const connection = new RedisConnection(cluster.url, log);
    try {
      await connection.open();
      await until(
        'it warns of three',
        () => said.filter((line) => line.includes('allkeys-lru')).length === 3,
      );
      expect(await connection.ready()).toBe(true);
      const master = await cluster.masterOf(0);
      await master.kill9();
      await until('it is noticed', async () => !(await connection.ready()));
      await master.restart();
      await until('it is back', () => connection.ready());
    } finally {
      await connection.close();
      await cluster.stop();
    }
  });
});
