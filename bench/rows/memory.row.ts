import { MemoryCounterStore } from '../../src/rate-limiting/counters/memory/memory-counter.store.js';
import { SystemClock } from '../../src/rate-limiting/domain/clock.js';
import { type Counter } from '../../src/rate-limiting/domain/limit.js';
import { type Figure } from '../figures.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { countersOf, reserveCommand, sampleCallers } from '../sample-call.js';
import { warm } from '../warm.js';

const CALLERS = 1_000;
/** About as many as are held at once in a busy process. */
const HELD = 1_000;

/** Counters in the process's own memory. */
export const memoryRow: Row = {
  letter: 'e',
  title: 'memory counters, reserve of 8 limits',
  async open(pace: Pace): Promise<OpenRow> {
    const store = new MemoryCounterStore(new SystemClock());
    const calls = sampleCallers(CALLERS).map(countersOf);
    for (const counters of calls) await warm(store, counters);
    await measure(store, calls, pace);
    return { round: () => measure(store, calls, pace), close: () => Promise.resolve() };
  },
};

async function measure(
  store: MemoryCounterStore,
  calls: readonly Counter[][],
  pace: Pace,
): Promise<Figure[]> {
  let [reservedMs, reserves] = [0, 0];
  while (reservedMs < pace.ms) {
    // Commands are made, and holds given back, outside the measured time.
    const commands = Array.from({ length: HELD }, (_, at) => reserveCommand(calls[at % calls.length] ?? []));
    const start = performance.now();
    const answers = await Promise.all(commands.map((command) => store.reserve(command)));
    reservedMs += performance.now() - start;
    reserves += answers.length;
    for (const answer of answers) if (answer.kind === 'reserved') await store.release(answer.hold);
  }
  const perSecond = (reserves * 1000) / reservedMs;
  return [{ name: 'reserves a second', value: perSecond, target: { atLeast: 500_000 } }];
}
