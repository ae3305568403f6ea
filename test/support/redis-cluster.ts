import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Cluster, Redis } from 'ioredis';

import { freePort } from './free-port.js';
import { startRedis, type TestRedis } from './redis.js';
import { until } from './until.js';

const run = promisify(execFile);

const MASTERS = 3;
/** How long a master must be silent until its replica takes over. */
const NODE_TIMEOUT_MS = 1_000;

export interface TestRedisClusterOptions {
  /** How many replicas every master has. */
  readonly replicas?: 0 | 1;
}

/** Three masters of one test file, with replicas where it wants some: own ports, own folders, gone at the end. */
export async function startRedisCluster(options: TestRedisClusterOptions = {}): Promise<TestRedisCluster> {
  const { replicas = 0 } = options;
  const nodes = await Promise.all(Array.from({ length: MASTERS * (1 + replicas) }, startNode));
  const places = nodes.map(({ server, busPort }) => `127.0.0.1:${server.port}@${busPort}`);
  const create = ['--cluster', 'create', ...places, '--cluster-replicas', String(replicas), '--cluster-yes'];
  await run('redis-cli', create);
  const cluster = new TestRedisCluster(nodes.map(({ server }) => server));
  await until('the cluster is up', () => cluster.up(replicas), 20_000);
  return cluster;
}

async function startNode(): Promise<{ server: TestRedis; busPort: number }> {
  const busPort = await freePort();
  // However old its data, a replica takes over.
  const age = ['--cluster-replica-validity-factor', '0'];
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), ...age];
  const server = await startRedis({ args: [...args, '--cluster-node-timeout', String(NODE_TIMEOUT_MS)] });
  return { server, busPort };
}

/** What one node knows of another. */
interface KnownNode {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  readonly masterId: string;
}

export class TestRedisCluster {
  private readonly clients: Redis[];

  constructor(private readonly servers: readonly TestRedis[]) {
    this.clients = servers.map(({ url }) => {
      const client = new Redis(url);
      // Servers are killed here.
      client.on('error', () => undefined);
      return client;
    });
  }

  /** For REDIS_URL: two of the nodes, the others are to be found. */
  get url(): string {
    return this.servers
      .slice(0, 2)
      .map(({ url }) => url)
      .join(',');
  }

  /** A connection, to every master. */
  async connect(): Promise<Cluster> {
    const cluster = new Cluster(this.url.split(','), { lazyConnect: true });
    await cluster.connect();
    await Promise.all(cluster.nodes('master').map((node) => node.ping()));
    return cluster;
  }

  /** Whether every node sees all others, and every replica has its master's data. */
  async up(replicas: number): Promise<boolean> {
    for (const client of this.clients) {
      const info = await client.cluster('INFO');
      if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${this.clients.length}`))
        return false;
      const role = await client.info('replication');
      if (role.includes('role:slave') && !role.includes('master_link_status:up')) return false;
    }
    const known = await this.known();
    return known.filter(({ flags }) => flags.includes('slave')).length === MASTERS * replicas;
  }

  /** The master that serves a slot, as a server to be killed or stopped. */
  async masterOf(slot: number): Promise<TestRedis> {
    return this.serverAt(await this.portOf(slot));
  }

  /** Those that serve no such slot. */
  async otherMasters(slot: number): Promise<TestRedis[]> {
    const port = await this.portOf(slot);
    const masters = (await this.known()).filter(({ flags }) => flags.includes('master'));
    return masters.filter((node) => node.port !== port).map((node) => this.serverAt(node.port));
  }

  /** From now on the replica of the slot's master hears of nothing more: it will take over with older data. */
  async cutReplication(slot: number): Promise<void> {
    const port = await this.portOf(slot);
    const known = await this.known();
    const masterId = known.find((node) => node.port === port)?.id;
    const replica = known.find((node) => node.masterId === masterId);
    if (!replica) throw new Error(`the master of slot ${slot} has no replica`);
    const client = this.clientAt(replica.port);
    await client.config('SET', 'masteruser', 'nobody');
    await client.config('SET', 'masterauth', 'wrong');
    await client.client('KILL', 'TYPE', 'master');
    await until('the replica is cut off', async () =>
      (await client.info('replication')).includes('master_link_status:down'),
    );
  }

  /** Moves a slot with its keys, one key at a time, as an operator's resharding does. */
  async moveSlot(slot: number, to: TestRedis): Promise<void> {
    const [source, target] = [this.clientAt(await this.portOf(slot)), this.clientAt(to.port)];
    const [sourceId, targetId] = [await idOf(source), await idOf(target)];
    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId);
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
    for (;;) {
      const [key] = await source.cluster('GETKEYSINSLOT', slot, 1);
      if (key === undefined) break;
      await source.migrate('127.0.0.1', to.port, key, 0, 5_000);
    }
    for (const client of [target, source, ...this.clients]) {
      const isMaster = (await client.info('replication')).includes('role:master');
      if (isMaster) await client.cluster('SETSLOT', slot, 'NODE', targetId);
    }
  }

  /** Empties all masters. */
  async flushAll(): Promise<void> {
    for (const { port, flags } of await this.known())
      if (flags.includes('master') && !flags.includes('fail')) await this.clientAt(port).flushall();
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async portOf(slot: number): Promise<number> {
    const ranges = await this.asked().cluster('SLOTS');
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    const [, port] = range?.[2] ?? [];
    if (port === undefined) throw new Error(`nobody serves slot ${slot}`);
    return port;
  }

  private async known(): Promise<KnownNode[]> {
    const lines = String(await this.asked().cluster('NODES'))
      .trim()
      .split('\n');
    return lines.map((line) => {
      const [id = '', place = '', flags = '', masterId = ''] = line.split(' ');
      const port = Number(/:(\d+)@/.exec(place)?.[1]);
      return { id, port, flags: flags.split(','), masterId };
    });
  }

  /** A node that runs. */
  private asked(): Redis {
    const client = this.clients.find(({ status }) => status === 'ready');
    if (!client) throw new Error('no node of the cluster runs');
    return client;
  }

  private clientAt(port: number): Redis {
    const client = this.clients[this.servers.findIndex((server) => server.port === port)];
    if (!client) throw new Error(`no node at ${port}`);
    return client;
  }

  private serverAt(port: number): TestRedis {
    const server = this.servers.find((one) => one.port === port);
    if (!server) throw new Error(`no node at ${port}`);
    return server;
  }
}

async function idOf(client: Redis): Promise<string> {
  return client.cluster('MYID');
}
