/** There at once where it is cached: a promise for it costs a busy process more than the look-up. */
export type Soon<Value> = Value | Promise<Value>;

/** What a cache must know of the ChangeFeed. */
export interface FeedState {
  live(): boolean;
  onInterruption(listener: () => void): unknown;
}

export interface FreshCacheOptions {
  readonly maxEntries: number;
  /** A net under the feed: nothing is kept longer. */
  readonly maxAgeMs?: number;
  /** Real, monotonic time: how long something has been kept is no matter of the application's Clock. */
  readonly nowMs?: () => number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly storedAtMs: number;
}

const MAX_AGE_MS = 60_000;

/**
 * Rows of Postgres, kept until they change. Whoever owns the cache evicts on `feed.onChange`; while the feed is not
 * live everything is loaded anew and nothing is kept, so that a change holds everywhere within a second (G8). Those who
 * ask at the same time share a load even then: a busy moment must not become a storm on the database.
 */
export class FreshCache<Key, Value> {
  /** In the order of their last use, once half of the room is taken. */
  private readonly entries = new Map<Key, Entry<Value>>();
  private readonly loading = new Map<Key, Promise<Value>>();
  private readonly nowMs: () => number;

  constructor(
    private readonly feed: FeedState,
    private readonly options: FreshCacheOptions,
  ) {
    this.nowMs = options.nowMs ?? (() => performance.now());
    feed.onInterruption(() => {
      this.clear();
    });
  }

  /** The value of a key, out of the cache or out of `load`; those who ask at the same time share one load. */
  get(key: Key, load: () => Promise<Value>): Soon<Value> {
    const entry = this.fresh(key);
    return entry ? entry.value : (this.loading.get(key) ?? this.load(key, load));
  }

  /** Forgets a key. A load of it that is under way ends for those who wait, but is not kept. */
  evict(key: Key): void {
    this.entries.delete(key);
    this.loading.delete(key);
  }

  /** Forgets all. */
  clear(): void {
    this.entries.clear();
    this.loading.clear();
  }

  private fresh(key: Key): Entry<Value> | undefined {
    const entry = this.entries.get(key);
    if (!entry || !this.feed.live() || !this.isYoung(entry)) return undefined;
    // Only a cache that may soon be full needs to know what was used last.
    if (this.entries.size * 2 > this.options.maxEntries) {
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
    return entry;
  }

  private load(key: Key, load: () => Promise<Value>): Promise<Value> {
    const current = this.keep(key, load, () => this.loading.get(key) === current);
    this.loading.set(key, current);
    return current;
  }

  private async keep(key: Key, load: () => Promise<Value>, isCurrent: () => boolean): Promise<Value> {
    try {
      // Not before the next turn, so that a load which throws at once finds itself under way.
      const value = await Promise.resolve().then(load);
      // A load that began before an evict may have read the row as it was before the change.
      if (isCurrent() && this.feed.live()) this.store(key, value);
      return value;
    } finally {
      if (isCurrent()) this.loading.delete(key);
    }
  }

  private store(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, { value, storedAtMs: this.nowMs() });
    if (this.entries.size <= this.options.maxEntries) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  private isYoung(entry: Entry<Value>): boolean {
    return this.nowMs() - entry.storedAtMs < (this.options.maxAgeMs ?? MAX_AGE_MS);
  }
}
