import { type Cluster, type Redis } from 'ioredis';

import {
  type FoundServer,
  IdentifiedServer,
  infoField,
  type LuaRunner,
  ServerMoved,
  type ShardServer,
} from './shard-server.js';
import { silenceOf, type SilenceWatch } from './silence-watch.js';
import { type WrittenCommand } from './written-command.js';

/** A server that knows of less than another did is refused for so long; a cluster made anew begins with less. */
const REFUSED_MS = 15_000;

/** What a server answers that does not keep the keys, or not all of them: it has run nothing then. */
const GONE = ['MOVED', 'READONLY', 'MASTERDOWN'];
const BETWEEN = ['ASK', 'TRYAGAIN'];

/**
 * Whoever keeps one slot of a Redis Cluster. A connection of the cluster's pool is never made anew, so holding on to it
 * is holding on to one life of one server. Redirections are not followed: where they lead, someone else answers.
 */
export class SlotServer implements ShardServer {
  private taken: IdentifiedServer | undefined;
  private readonly listeners = new Set<() => void>();
  private newest = 0;
  private refusingSince: number | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly slot: number,
  ) {
    cluster.on('refresh', () => {
      if (this.taken && this.taken.redis !== this.owner()) this.lose();
    });
    cluster.on('-node', (redis: Redis) => {
      if (this.taken?.redis === redis) this.lose();
    });
  }

  async find(): Promise<FoundServer> {
    await refreshed(this.cluster);
    const redis = this.owner();
    if (!redis) throw new ServerMoved(`no master serves slot ${this.slot}`);
    const [server, replication, view] = await silenceOf(redis).guard(
      Promise.all([redis.info('server'), redis.info('replication'), redis.cluster('INFO')]),
    );
    this.refuseOlder(Number(infoField(view, 'cluster_my_epoch')));
    // A master that was a replica in between, and so may have lost something, has another replication id.
    const identity = `${infoField(server, 'run_id')}:${infoField(replication, 'master_replid')}`;
    return new IdentifiedServer(redis, identity, silenceOf(redis));
  }

  take(found: FoundServer): void {
    if (found instanceof IdentifiedServer) this.taken = found;
  }

  get silence(): SilenceWatch | undefined {
    return this.taken?.silence;
  }

  onLost(listener: () => void): void {
    this.listeners.add(listener);
  }

  async sendCommand(command: WrittenCommand): Promise<unknown> {
    const { taken } = this;
    if (!taken) throw new ServerMoved(`slot ${this.slot} has yet to be looked for`);
    try {
      return await taken.sendCommand(command);
    } catch (error) {
      if (says(error, GONE) && this.taken === taken) this.lose();
      throw error instanceof Error && says(error, [...GONE, ...BETWEEN])
        ? new ServerMoved(error.message, error)
        : error;
    }
  }

  private owner(): Redis | undefined {
    return ownerOf(this.cluster, this.slot);
  }

  /**
   * The owner of a slot is the one with the highest configuration epoch. Whoever has met that one must not go back to a
   * master that was failed over and does not know it yet.
   */
  private refuseOlder(epoch: number): void {
    if (epoch < this.newest) {
      this.refusingSince ??= performance.now();
      if (performance.now() - this.refusingSince < REFUSED_MS) {
        throw new ServerMoved(`the master of slot ${this.slot} has been replaced and does not know it yet`);
      }
    }
    this.refusingSince = undefined;
    this.newest = epoch;
  }

  private lose(): void {
    this.taken = undefined;
    for (const listener of this.listeners) listener();
  }
}

/** Scripts for one slot, sent to wherever it may have moved: for what may be asked of any server. */
export class SlotRunner implements LuaRunner {
  constructor(
    private readonly cluster: Cluster,
    private readonly slot: number,
  ) {}

  get silence(): SilenceWatch | undefined {
    const owner = ownerOf(this.cluster, this.slot);
    return owner && silenceOf(owner);
  }

  sendCommand(command: WrittenCommand): unknown {
    return this.cluster.sendCommand(command);
  }
}

function ownerOf(cluster: Cluster, slot: number): Redis | undefined {
  const place = cluster.slots[slot]?.[0];
  return cluster
    .nodes('master')
    .find(({ options }) => place === `${options.host ?? ''}:${options.port ?? ''}`);
}

/** Asks one node after the other, each for a second at most. */
function refreshed(cluster: Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    cluster.refreshSlotsCache((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function says(error: unknown, words: readonly string[]): boolean {
  return error instanceof Error && words.some((word) => error.message.startsWith(`${word} `));
}
