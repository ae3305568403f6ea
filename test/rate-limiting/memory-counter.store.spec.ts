import { MemoryCounterStore } from '../../src/rate-limiting/counters/memory/memory-counter.store.js';

import { describeCounterStore } from './counter-store.contract.js';

describeCounterStore('memory', (clock) => new MemoryCounterStore(clock));
