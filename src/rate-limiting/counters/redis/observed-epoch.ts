import { type FoundServer, type ShardServer } from '../../../database/index.js';
import { CodedError } from '../../../errors.js';

import { type Epoch } from './epoch.js';
import { PLAIN_KEYS, type ShardKeys } from './keys.js';

/**
 * The epoch as the servers keep it, for a process that holds no calls: it neither names one nor joins it, so that
 * nobody ever waits for it. Asked anew each time.
 */
export class ObservedEpoch implements Epoch {
  readonly known = undefined;
  /** It registers nothing. */
  readonly turns = 0;

  constructor(
    private readonly server: ShardServer,
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
    return (await this.look())?.epoch;
  }

  /** The open epoch with the server that keeps it. */
  async look(): Promise<{ epoch: string; server: FoundServer } | undefined> {
    const server = await this.server.find();
    this.server.take(server);
    const [[id, run], open] = await Promise.all([
      server.hmget(this.keys.epoch, 'id', 'run'),
      server.get(this.keys.open),
    ]);
    return id && open === id && run === server.identity ? { epoch: id, server } : undefined;
  }
}
