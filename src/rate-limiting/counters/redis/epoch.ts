import { PLAIN_KEYS, type ShardKeys } from './keys.js';

/** Which epoch the counters of a shard stand in. */
export interface Epoch {
  /** Builds the keys of the shard. */
  readonly keys: ShardKeys;

  /** The name of the epoch that is open, where that is known; else it must be waited for. */
  readonly known: string | undefined;

  /**
   * How many times the calls in flight here were registered in a new epoch. A reserve whose answer comes after the next
   * time was not among them, and holds nothing.
   */
  readonly turns: number;

  /** @throws CodedError `store_unavailable` where none is open within a second. */
  current(): Promise<string>;

  /** A script said that the epoch has passed. */
  lost(): void;
}

/** One epoch for ever, that no script asks for: where nobody empties the server. */
export function standingEpoch(keys: ShardKeys): Epoch {
  return {
    keys,
    known: '',
    turns: 0,
    current: () => Promise.resolve(''),
    lost: () => undefined,
  };
}

export const STANDING_EPOCH = standingEpoch(PLAIN_KEYS);
