import { CodedError } from '../../../errors.js';

import { type Epoch } from './epoch.js';
import { PLAIN_KEYS, type ShardKeys } from './keys.js';

/** What looking at an epoch needs of a Redis connection; ioredis has it. */
export interface ObservedRedis {
  info(section: 'server'): Promise<string>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
}

/**
 * The epoch as the servers keep it, for a process that holds no calls: it neither names one nor joins it, so that
 * nobody ever waits for it. Asked anew each time.
 */
export class ObservedEpoch implements Epoch {
  readonly known = undefined;

  constructor(
    private readonly redis: ObservedRedis,
    readonly keys: ShardKeys = PLAIN_KEYS,
  ) {}

  lost(): void {
    // Nothing is kept.
  }

  async current(): Promise<string> {
    const open = await this.open();
    if (open !== undefined) return open;
    throw new CodedError('store_unavailable', 'No server counts in this Redis right now.', {
      retryAfterMs: 1_000,
    });
  }

  /** The open epoch's name. Nothing where there is none: whatever is counted next is loaded from the ledger. */
  async open(): Promise<string | undefined> {
    const [server, [id, run, open]] = await Promise.all([
      this.redis.info('server'),
      this.redis.hmget(this.keys.epoch, 'id', 'run', 'open'),
    ]);
    const isOfThisServer = run === /^run_id:(\w+)/m.exec(server)?.[1];
    return id && open && isOfThisServer ? id : undefined;
  }
}
