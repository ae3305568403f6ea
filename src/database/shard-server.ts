import { type Redis } from 'ioredis';

import { silenceOf, type SilenceWatch } from './silence-watch.js';
import { type WrittenCommand, type WrittenCommandSender } from './written-command.js';

/** What runs Lua scripts; a connection of ioredis does. */
export interface LuaRunner extends WrittenCommandSender {
  /** Watches the server that is asked now, where others ask it too: the answers that they get are signs of its life. */
  readonly silence?: SilenceWatch | undefined;
}

/** A server that was found to keep a shard. */
export interface FoundServer extends LuaRunner {
  /** Another one may hold older data, although it keeps the same keys. */
  readonly identity: string;
  get(key: string): Promise<string | null>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  time(): Promise<(number | string)[]>;
  zcard(key: string): Promise<number>;
  zcount(key: string, min: string, max: number): Promise<number>;
}

/** A connection that has said whose it is. */
export class IdentifiedServer implements FoundServer {
  constructor(
    readonly redis: Redis,
    readonly identity: string,
    readonly silence?: SilenceWatch,
  ) {}

  sendCommand(command: WrittenCommand): unknown {
    return this.redis.sendCommand(command);
  }

  get(key: string): Promise<string | null> {
    return this.redis.get(key);
  }

  hmget(key: string, ...fields: string[]): Promise<(string | null)[]> {
    return this.redis.hmget(key, ...fields);
  }

  time(): Promise<(number | string)[]> {
    return this.redis.time();
  }

  zcard(key: string): Promise<number> {
    return this.redis.zcard(key);
  }

  zcount(key: string, min: string, max: number): Promise<number> {
    return this.redis.zcount(key, min, max);
  }
}

/**
 * The server that keeps a shard's keys, held on to: scripts go to the one that was taken last and to no other, over the
 * connection on which it said who it is. So no script can meet a server that nobody has looked at.
 */
export interface ShardServer extends LuaRunner {
  /** Whoever keeps the shard now. @throws ServerMoved where that is not settled. */
  find(): Promise<FoundServer>;

  /** From now on scripts go there. */
  take(found: FoundServer): void;

  /** Called when the one that was taken is gone, or keeps the shard no longer. */
  onLost(listener: () => void): void;
}

/** A script was not run, for certain: the server does not keep these keys now. Look for the one that does. */
export class ServerMoved extends Error {
  constructor(what: string, cause?: unknown) {
    super(`Redis does not keep these counters there any more: ${what}`, { cause });
    this.name = 'ServerMoved';
  }
}

/** A Redis that is not a cluster's: what answers after a reconnect may be another one, or the same with older data. */
export class SingleServer implements ShardServer {
  constructor(private readonly redis: Redis) {}

  get silence(): SilenceWatch {
    return silenceOf(this.redis);
  }

  async find(): Promise<FoundServer> {
    return new IdentifiedServer(this.redis, infoField(await this.redis.info('server'), 'run_id'));
  }

  take(): void {
    // There is only the one.
  }

  onLost(listener: () => void): void {
    this.redis.on('close', listener);
  }

  sendCommand(command: WrittenCommand): unknown {
    return this.redis.sendCommand(command);
  }
}

/** A field of what INFO or CLUSTER INFO answered, '' where there is none. */
export function infoField(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1] ?? '';
}
