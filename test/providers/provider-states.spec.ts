import { Redis } from 'ioredis';

import { MemoryProviderStates } from '../../src/providers/routing/memory-provider-states.js';
import { type ProviderStates } from '../../src/providers/routing/provider-states.js';
import { RedisProviderStates } from '../../src/providers/routing/redis-provider-states.store.js';
import { FrozenClock } from '../../src/rate-limiting/index.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';

const START = Date.parse('2026-11-21T12:00:00Z');
const FAULT = { reason: 'server_error', restMs: 60_000, strict: false };
const NO_ROOM = { reason: 'rate_limited', restMs: 7_000, strict: true };
const LATE = { leaseMs: 5_000, early: false };
const EARLY = { leaseMs: 5_000, early: true };

/** What every store of the providers' health promises. `other` is another instance on the same store. */
function describeProviderStates(name: string, open: (clock: FrozenClock) => ProviderStates): void {
  describe(`the health of providers in ${name}`, () => {
    let clock: FrozenClock;
    let states: ProviderStates;
    let provider: string;
    let made = 0;

    beforeEach(() => {
      clock = new FrozenClock(START);
      states = open(clock);
      provider = `p${++made}`;
    });

    /** As an instance sees it that looks for the first time. */
    const seen = async () => {
      clock.advance(0);
      const [state] = await (name === 'memory' ? states : open(clock)).read([provider]);
      return state;
    };

    it('takes a provider that nobody knows for well', async () => {
      expect(await seen()).toEqual({
        standing: 'available',
        restMs: 0,
        lastFailure: undefined,
        latencies: {},
      });
      expect(await states.probe(provider, EARLY)).toBe('available');
    });

    it('lets it rest for as long as it was told, then half open', async () => {
      await states.rest(provider, FAULT);
      expect(await seen()).toMatchObject({
        standing: 'cooling_down',
        restMs: 60_000,
        lastFailure: { reason: 'server_error', agoMs: 0 },
      });
      clock.advance(59_999);
      expect(await seen()).toMatchObject({ standing: 'cooling_down', restMs: 1 });
      expect(await states.probe(provider, LATE)).toBe('refused');
      clock.advance(1);
      expect(await seen()).toMatchObject({ standing: 'half_open', restMs: 0 });
    });

    it('keeps the later of two rests, and a rest of nothing ends it', async () => {
      await states.rest(provider, FAULT);
      await states.rest(provider, { ...FAULT, restMs: 1_000, reason: 'timeout' });
      expect(await seen()).toMatchObject({ restMs: 60_000, lastFailure: { reason: 'timeout' } });
      await states.rest(provider, { ...FAULT, restMs: 0 });
      expect(await seen()).toMatchObject({ standing: 'available', restMs: 0 });
    });

    it('gives one probe at a time, and the next when it ended or took too long', async () => {
      await states.rest(provider, FAULT);
      clock.advance(60_000);
      expect(await states.probe(provider, LATE)).toBe('granted');
      expect(await open(clock).probe(provider, LATE)).toBe(name === 'memory' ? 'available' : 'refused');
      expect(await states.probe(provider, LATE)).toBe('refused');
      await states.endProbe(provider, false);
      expect(await states.probe(provider, LATE)).toBe('granted');
      clock.advance(5_000);
      expect(await states.probe(provider, LATE)).toBe('granted');
      await states.endProbe(provider, true);
      expect(await seen()).toMatchObject({ standing: 'available', lastFailure: { reason: 'server_error' } });
      expect(await states.probe(provider, LATE)).toBe('available');
    });

    it('rests again when its probe failed', async () => {
      await states.rest(provider, FAULT);
      clock.advance(60_000);
      await states.probe(provider, LATE);
      await states.rest(provider, FAULT);
      expect(await seen()).toMatchObject({ standing: 'cooling_down', restMs: 60_000 });
      clock.advance(60_000);
      expect(await states.probe(provider, LATE)).toBe('granted');
    });

    it('may be probed early, one at a time, unless it named a time itself', async () => {
      await states.rest(provider, FAULT);
      expect(await states.probe(provider, EARLY)).toBe('granted');
      expect(await states.probe(provider, EARLY)).toBe('refused');
      await states.rest(provider, NO_ROOM);
      expect(await states.probe(provider, EARLY)).toBe('refused');
      // A fault of another kind meanwhile does not take that back.
      await states.rest(provider, FAULT);
      expect(await states.probe(provider, EARLY)).toBe('refused');
      clock.advance(120_000);
      await states.rest(provider, FAULT);
      expect(await states.probe(provider, EARLY)).toBe('granted');
    });

    it('averages latencies, one by one or together alike, and forgets what is old', async () => {
      const note = (meanMs: number, count = 1) =>
        states.noteLatency(provider, { measure: 'llm_call', meanMs, count });
      await note(100);
      expect((await seen())?.latencies).toEqual({ llm_call: 100 });
      await note(200);
      expect((await seen())?.latencies).toEqual({ llm_call: 120 });
      await note(200, 2);
      expect((await seen())?.latencies.llm_call).toBeCloseTo(148.8, 2);
      clock.advance(5 * 60_000);
      expect((await seen())?.latencies).toEqual({});
      await note(50);
      expect((await seen())?.latencies).toEqual({ llm_call: 50 });
    });
  });
}

describeProviderStates('memory', (clock) => new MemoryProviderStates(clock));

describeWithRedis('Redis', () => {
  let server: TestRedis;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    await redis.quit();
    await server.stop();
  });

  describeProviderStates('Redis', (clock) => new RedisProviderStates(redis, () => clock.now()));

  it('takes all for well after it was emptied', async () => {
    const states = new RedisProviderStates(redis);
    await states.rest('emptied', FAULT);
    await redis.flushall();
    const [state] = await new RedisProviderStates(redis).read(['emptied']);
    expect(state?.standing).toBe('available');
  });

  it('forgets a provider that nobody asks any more', async () => {
    await new RedisProviderStates(redis).rest('forgotten', FAULT);
    expect(await redis.pttl('cuota:provider:{forgotten}')).toBeLessThanOrEqual(24 * 3_600_000 + 60_000);
    expect(await redis.pttl('cuota:provider:{forgotten}')).toBeGreaterThan(60_000);
  });
});
