import { type CounterStore } from '../src/rate-limiting/domain/counters.js';
import { counterRef } from '../src/rate-limiting/claims.js';
import { type Counter } from '../src/rate-limiting/domain/limit.js';

const USED = { tokens: 1_234_567, calls: 4_321, cost: 987_654_321, llm_call: 4_000 };

/** Fills counters, as the first call of a month would. */
export async function warm(store: CounterStore, counters: readonly Counter[]): Promise<void> {
  for (const answer of await store.read(counters.map(counterRef))) {
    if (answer.kind === 'cold') await store.load(answer.cold, USED);
  }
}
