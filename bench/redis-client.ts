import { type Redis } from 'ioredis';

import { RedisConnection } from '../src/database/index.js';

const SILENT = { log: () => undefined, warn: () => undefined };

/** A connection with the application's own options. */
export async function connectRedis(url: string): Promise<Redis> {
  const connection = new RedisConnection(url, SILENT);
  await connection.open();
  if (!connection.client) throw new Error('There is no Redis to connect to.');
  return connection.client;
}

/** Microseconds that a command took inside Redis on average since `CONFIG RESETSTAT`. */
export async function usecPerCall(redis: Redis, command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:.*usec_per_call=([\\d.]+)`).exec(stats)?.[1]);
}
