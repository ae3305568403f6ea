import { type CounterRef } from '../domain/counters.js';

const OF_ALL_MS = 1_000;

/**
 * For how long a counter is not read anew out of the ledger once it was, in ms, though a call of before is settled in it:
 * that call may then be counted twice until the next reading, never left out. 0 but for what all calls share, where each
 * reading would have all that are in flight ask for the next.
 */
export function rereadPatienceMs({ subject }: CounterRef): number {
  return subject.kind === 'system' ? OF_ALL_MS : 0;
}
