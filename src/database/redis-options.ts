import { type ClusterOptions, type RedisOptions } from 'ioredis';

const CONNECT_TIMEOUT_MS = 1_000;
/** A connection that owes an answer for so long is given up and made anew. */
const SILENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 1_000;
const CLUSTER_PAUSE_MS = 50;

const CONNECTION = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  maxRetriesPerRequest: 0,
  // A command whose answer was lost may have been done; sending it again is for its sender to decide.
  autoResendUnfulfilledCommands: false,
  // Measured: it makes p99 ten times worse.
  enableAutoPipelining: false,
} as const satisfies RedisOptions;

function pauseMs(attempt: number): number {
  return Math.min(25 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS);
}

export const SERVER_OPTIONS: RedisOptions = {
  ...CONNECTION,
  lazyConnect: true,
  // Without a connection a command fails at once: what to do then is for STORE_FAILURE to say.
  enableOfflineQueue: false,
  retryStrategy: pauseMs,
};

/** @param url any node's: the others are found, and have the same password and encryption. */
export function clusterOptions(url: URL): ClusterOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: pauseMs,
    maxRedirections: 3,
    retryDelayOnFailover: CLUSTER_PAUSE_MS,
    retryDelayOnClusterDown: CLUSTER_PAUSE_MS,
    retryDelayOnTryAgain: CLUSTER_PAUSE_MS,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    redisOptions: {
      ...CONNECTION,
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  };
}
