import { RedisCounterStore } from '../../src/rate-limiting/counters/redis/redis-counter.store.js';
import { startRedis } from '../../test/support/redis.js';
import { atRate, inFlight } from '../load.js';
import { connectRedis } from '../redis-client.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { countersOf, reserveCommand, sampleCallers } from '../sample-call.js';
import { warm } from '../warm.js';

const PER_SECOND = 1_000;

/** What a caller waits for a check while many call. */
export const latencyRow: Row = {
  letter: 'f',
  title: `a check at ${PER_SECOND} calls a second`,
  async open({ ms }: Pace): Promise<OpenRow> {
    const server = await startRedis();
    const redis = await connectRedis(server.url);
    const store = new RedisCounterStore(redis);
    const calls = sampleCallers(1_000).map(countersOf);
    await Promise.all(calls.map((counters) => warm(store, counters)));
    let next = 0;
    const check = async () => {
      const answer = await store.reserve(reserveCommand(calls[next++ % calls.length] ?? []));
      // Nobody waits for the release; it is there so that live reservations stay few.
      if (answer.kind === 'reserved') void store.release(answer.hold);
    };
    await inFlight(64, 2 * ms, check);
    return {
      async round() {
        const none = await atRate(PER_SECOND, 3 * ms, () => redis.ping());
        const { p50Ms, p99Ms } = await atRate(PER_SECOND, 3 * ms, check);
        return [
          { name: 'a PING at the same rate, p99 in ms', value: none.p99Ms },
          { name: 'a check, p50 in ms', value: p50Ms },
          { name: 'a check, p99 in ms', value: p99Ms, target: { atMost: 2 } },
        ];
      },
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};
