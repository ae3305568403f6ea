import { type CounterRef, type CounterStore, type Hold } from '../../domain/counters.js';

/** What keeps the counters of one shard; RedisCounterStore does. */
export interface CounterShard extends CounterStore {
  /** Counts up when what is held here and not among the calls in flight yet is lost. */
  readonly turns: number;

  /** Holds less than before, with the same deadline. @returns false where the hold has ended. */
  shrink(hold: Hold, smaller: Hold): Promise<boolean>;

  /** The live holds of these ids. */
  find(ids: readonly string[]): Promise<Hold[]>;
}

/** Finds the shard of a name, always the same: FNV-1a. Another function would look for all that is counted elsewhere. */
export function placeOf(name: string, places: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  // The low bits of few and similar bytes are alike.
  hash ^= hash >>> 16;
  return (hash >>> 0) % places;
}

/** The shard that keeps a counter: all windows of a subject are in one. */
export function counterPlace({ subject: { kind, id } }: CounterRef, places: number): number {
  return placeOf(`${kind}:${id}`, places);
}
