import { Redis, type RedisOptions } from 'ioredis';
import { answersInTime } from './answers-in-time.js';
import { type StartLog } from './start-log.js';

const CONNECT_TIMEOUT_MS = 1_000;
/** A connection that owes an answer for so long is given up and made anew. */
const SILENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 1_000;

const OPTIONS: RedisOptions = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  // Without a connection a command fails at once: what to do then is for STORE_FAILURE to say.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  // A command whose answer was lost may have been done; sending it again is for its sender to decide.
  autoResendUnfulfilledCommands: false,
  // Measured: it makes p99 ten times worse.
  enableAutoPipelining: false,
  retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
};

/**
 * The connection to Redis, where REDIS_URL is set. Without a connection a command fails at once; while Redis hangs it
 * fails within five seconds, and who cannot wait that long keeps a time of its own. An outage heals by itself.
 */
export class RedisConnection {
  /** `undefined` where REDIS_URL is not set: counters are in memory then. */
  readonly client: Redis | undefined;
  private down = false;

  constructor(
    url: string | undefined,
    private readonly log: StartLog,
  ) {
    // The one place that would make a Cluster of several nodes.
    this.client = url === undefined ? undefined : new Redis(url, OPTIONS);
    this.client?.on('error', (error: Error) => {
      this.noteDown(error);
    });
    this.client?.on('ready', () => void this.noteReady());
  }

  /** Resolves when it is connected, or when the first attempt has failed: then it goes on trying by itself. */
  async open(): Promise<void> {
    try {
      await this.client?.connect();
    } catch {
      // Said by the 'error' event.
    }
  }

  /** Whether Redis answers, within 250 ms. False where there is none. */
  async ready(): Promise<boolean> {
    return this.client !== undefined && (await answersInTime(this.client.ping()));
  }

  /** Lets what was sent be answered, for 250 ms. */
  async close(): Promise<void> {
    if (!this.client) return;
    await answersInTime(this.client.quit());
    this.client.disconnect();
  }

  private noteDown(error: Error): void {
    if (this.down) return;
    this.down = true;
    this.log.warn(`Redis cannot be reached: ${error.message || error.name}; trying on.`);
  }

  private async noteReady(): Promise<void> {
    if (this.down) this.log.log('Redis is back.');
    this.down = false;
    try {
      const memory = (await this.client?.info('memory')) ?? '';
      const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction';
      if (policy === 'noeviction') return;
      this.log.warn(
        `Redis has maxmemory-policy ${policy} and may throw counters away: set it to noeviction.`,
      );
    } catch {
      // Not allowed to ask, or gone again.
    }
  }
}
