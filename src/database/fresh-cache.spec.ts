import { FreshCache, type FeedState } from './fresh-cache.js';

/** A feed whose state a test sets. */
class SwitchedFeed implements FeedState {
  isLive = true;
  private readonly listeners: (() => void)[] = [];

  live(): boolean {
    return this.isLive;
  }

  onInterruption(listener: () => void): void {
    this.listeners.push(listener);
  }

  interrupt(): void {
    for (const listener of this.listeners) listener();
  }
}

/** A load that ends when the test says so. */
class HeldLoad {
  calls = 0;
  private readonly waiting: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];

  readonly load = (): Promise<string> => {
    this.calls++;
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  };

  answer(value: string): void {
    this.waiting.shift()?.resolve(value);
  }

  fail(message: string): void {
    this.waiting.shift()?.reject(new Error(message));
  }
}

/** Lets everything that is ready to run do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('FreshCache', () => {
  let feed: SwitchedFeed;
  let now: number;
  let cache: FreshCache<string, string>;
  let source: HeldLoad;

  beforeEach(() => {
    feed = new SwitchedFeed();
    now = 0;
    cache = new FreshCache(feed, { maxEntries: 2, nowMs: () => now });
    source = new HeldLoad();
  });

  async function fill(key: string, value: string): Promise<void> {
    await cache.get(key, () => Promise.resolve(value));
  }

  async function loads(key: string): Promise<boolean> {
    let loaded = false;
    await cache.get(key, () => {
      loaded = true;
      return Promise.resolve('loaded');
    });
    return loaded;
  }

  it('loads once and then keeps', async () => {
    await fill('a', 'one');
    expect(await cache.get('a', source.load)).toBe('one');
    expect(source.calls).toBe(0);
  });

  it('keeps undefined too', async () => {
    const optional = new FreshCache<string, string | undefined>(feed, { maxEntries: 2 });
    await optional.get('a', () => Promise.resolve(undefined));
    expect(await optional.get('a', source.load)).toBeUndefined();
    expect(source.calls).toBe(0);
  });

  it('shares one load among those who ask at the same time', async () => {
    const both = Promise.all([cache.get('a', source.load), cache.get('a', source.load)]);
    await settled();
    source.answer('one');
    expect(await both).toEqual(['one', 'one']);
    expect(source.calls).toBe(1);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
  ])('keeps nothing of a load that %s', async (_how, load: () => Promise<string>) => {
    await expect(cache.get('a', load)).rejects.toThrow('away');
    expect(await loads('a')).toBe(true);
  });

  it('G8: does not keep what was read before an evict', async () => {
    const old = cache.get('a', source.load);
    await settled();
    cache.evict('a');
    source.answer('old');
    expect(await old).toBe('old');
    expect(await loads('a')).toBe(true);
  });

  it('G8: who asks after an evict gets no load from before it', async () => {
    const old = cache.get('a', source.load);
    await settled();
    cache.evict('a');
    const fresh = cache.get('a', source.load);
    await settled();
    source.answer('old');
    source.answer('new');
    expect([await old, await fresh]).toEqual(['old', 'new']);
    expect(await cache.get('a', source.load)).toBe('new');
    expect(source.calls).toBe(2);
  });

  it('G8: a load from before an evict that ends last does not replace what is newer', async () => {
    const first = new HeldLoad();
    const old = cache.get('a', first.load);
    await settled();
    cache.evict('a');
    await fill('a', 'new');
    first.answer('old');
    expect(await old).toBe('old');
    expect(await cache.get('a', source.load)).toBe('new');
  });

  it('a load from before an evict that fails does not end the one after it', async () => {
    const old = cache.get('a', source.load);
    await settled();
    cache.evict('a');
    const fresh = cache.get('a', source.load);
    await settled();
    source.fail('away');
    await expect(old).rejects.toThrow('away');
    const alsoFresh = cache.get('a', source.load);
    source.answer('new');
    expect([await fresh, await alsoFresh]).toEqual(['new', 'new']);
    expect(source.calls).toBe(2);
  });

  it('clears all at an interruption, loads under way included', async () => {
    await fill('a', 'one');
    const old = cache.get('b', source.load);
    await settled();
    feed.interrupt();
    source.answer('old');
    await old;
    expect(await loads('a')).toBe(true);
    expect(await loads('b')).toBe(true);
  });

  it('loads always and keeps nothing while the feed is not live', async () => {
    await fill('a', 'one');
    feed.isLive = false;
    expect(await loads('a')).toBe(true);
    expect(await loads('b')).toBe(true);
    feed.isLive = true;
    expect(await loads('b')).toBe(true);
  });

  it('does not keep a load during which the feed was lost', async () => {
    const load = cache.get('a', source.load);
    await settled();
    feed.isLive = false;
    source.answer('one');
    await load;
    feed.isLive = true;
    expect(await loads('a')).toBe(true);
  });

  it('forgets after a minute', async () => {
    await fill('a', 'one');
    now = 59_999;
    expect(await loads('a')).toBe(false);
    now = 60_000;
    expect(await loads('a')).toBe(true);
  });

  it('drops what was used longest ago', async () => {
    await fill('a', 'one');
    await fill('b', 'two');
    await cache.get('a', source.load);
    await fill('c', 'three');
    expect(await loads('a')).toBe(false);
    expect(await loads('c')).toBe(false);
    expect(await loads('b')).toBe(true);
  });
});
