import { Cluster, Redis } from 'ioredis';
import { answersInTime } from './answers-in-time.js';
import { keySlot } from './redis-key-slot.js';
import { clusterOptions, SERVER_OPTIONS } from './redis-options.js';
import { infoField, type LuaRunner, type ShardServer, SingleServer } from './shard-server.js';
import { SlotRunner, SlotServer } from './slot-server.js';
import { type StartLog } from './start-log.js';

/** How soon a master that hangs is left for the replica that took over. */
const SLOTS_REFRESH_MS = 2_000;

/**
 * The connection to Redis, where REDIS_URL is set: to one server, or to a cluster where it names several nodes. Without
 * a connection a command fails at once; while Redis hangs it fails within five seconds, and who cannot wait that long
 * keeps a time of its own. An outage heals by itself.
 */
export class RedisConnection {
  /** The one server; `undefined` where REDIS_URL names several nodes or none. */
  readonly client: Redis | undefined;
  /** The cluster; `undefined` where REDIS_URL names one server or none. Without either, counters are in memory. */
  readonly cluster: Cluster | undefined;
  private readonly down = new Set<string>();
  private refreshing: NodeJS.Timeout | undefined;

  constructor(
    url: string | undefined,
    private readonly log: StartLog,
  ) {
    const urls = url?.split(',').map((one) => one.trim()) ?? [];
    if (urls.length > 1) this.cluster = this.newCluster(urls);
    else if (urls[0] !== undefined) this.client = this.watched(new Redis(urls[0], SERVER_OPTIONS), 'Redis');
  }

  /** Whether REDIS_URL is set. */
  get configured(): boolean {
    return this.client !== undefined || this.cluster !== undefined;
  }

  /** Resolves when it is connected, or when the first attempt has failed: then it goes on trying by itself. */
  async open(): Promise<void> {
    try {
      await (this.client ?? this.cluster)?.connect();
    } catch {
      // Said by the 'error' event.
    }
  }

  /** Whether Redis answers, within 250 ms: of a cluster, every master. False where there is none. */
  async ready(): Promise<boolean> {
    const servers = this.client ? [this.client] : (this.cluster?.nodes('master') ?? []);
    if (servers.length === 0 || this.cluster?.status === 'end') return false;
    return answersInTime(Promise.all(servers.map((server) => server.ping())));
  }

  /** The server that keeps all keys with this hash tag. @throws Error where REDIS_URL is not set. */
  shard(tag: string): ShardServer {
    if (this.client) return new SingleServer(this.client);
    if (this.cluster) return new SlotServer(this.cluster, keySlot(tag));
    throw new Error('There is no Redis: REDIS_URL is not set.');
  }

  /** Any server that keeps the keys with this hash tag: it may be one with older data. */
  runner(tag: string): LuaRunner {
    if (this.cluster) return new SlotRunner(this.cluster, keySlot(tag));
    return this.shard(tag);
  }

  /** Lets what was sent be answered, for 250 ms. */
  async close(): Promise<void> {
    const connection = this.client ?? this.cluster;
    if (!connection) return;
    clearInterval(this.refreshing);
    await answersInTime(connection.quit());
    connection.disconnect();
  }

  private newCluster(urls: readonly string[]): Cluster {
    const nodes = urls.map((url) => new URL(url));
    const startupNodes = nodes.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 6379),
    }));
    const cluster = new Cluster(startupNodes, clusterOptions(nodes[0] ?? new URL('redis://')));
    // One a shard is meant.
    cluster.setMaxListeners(0);
    // That of ioredis goes on after the end, where a refresh is under way then, and keeps the process alive.
    this.refreshing = setInterval(() => {
      if (cluster.status === 'ready') cluster.refreshSlotsCache();
    }, SLOTS_REFRESH_MS).unref();
    cluster.on('+node', (node: Redis) => this.watched(node, nameOf(node)));
    cluster.on('error', (error: Error) => {
      this.noteDown('The Redis cluster', error);
    });
    cluster.on('ready', () => {
      this.noteUp('The Redis cluster');
      // Connects to every master, so that each is looked at.
      for (const node of cluster.nodes('master')) node.ping().catch(() => undefined);
    });
    return cluster;
  }

  private watched(redis: Redis, name: string): Redis {
    redis.on('error', (error: Error) => {
      this.noteDown(name, error);
    });
    redis.on('ready', () => {
      this.noteUp(name);
      void this.warnOfEviction(redis, name);
    });
    return redis;
  }

  private noteDown(name: string, error: Error): void {
    if (this.down.has(name)) return;
    this.down.add(name);
    this.log.warn(`${name} cannot be reached: ${error.message || error.name}; trying on.`);
  }

  private noteUp(name: string): void {
    if (this.down.delete(name)) this.log.log(`${name} is back.`);
  }

  private async warnOfEviction(redis: Redis, name: string): Promise<void> {
    try {
      const policy = infoField(await redis.info('memory'), 'maxmemory_policy') || 'noeviction';
      if (policy === 'noeviction') return;
      this.log.warn(
        `${name} has maxmemory-policy ${policy} and may throw counters away: set it to noeviction.`,
      );
    } catch {
      // Not allowed to ask, or gone again.
    }
  }
}

function nameOf({ options }: Redis): string {
  return `Redis at ${options.host ?? ''}:${options.port ?? ''}`;
}
