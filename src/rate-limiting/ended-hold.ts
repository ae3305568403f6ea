import { type Hold } from './domain/counters.js';
import { unitAmountsOf, type UsageEntry } from './domain/usage.js';
import { asRestored } from './kept-reservations.js';
import { type Reservation } from './reservation.js';

/** Ends a hold. One that is kept may have been registered again by another process, while this one did not have it in hand. */
export async function endOf(
  { kept }: Reservation,
  hold: Hold,
  end: (hold: Hold) => Promise<boolean>,
): Promise<void> {
  const ended = await end(hold);
  if (kept && !ended) await end(asRestored(hold));
}

/** What a call used, for each counter of its hold. */
export function usedBy(hold: Hold, entry: UsageEntry) {
  const amounts = unitAmountsOf(entry);
  return hold.counters.map(() => amounts);
}
