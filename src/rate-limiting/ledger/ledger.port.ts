import { type CounterWindow } from '../domain/limit.js';
import { type DayAmount } from '../domain/rolling.js';
import { type Subject } from '../domain/caller.js';
import { type UnitAmounts } from '../domain/counters.js';
import { type ReservationId } from '../domain/ids.js';
import { type UsageEntry } from '../domain/usage.js';

/** What became of a row: `fresh` where this call wrote it, false where a row with its id was there before. */
export interface Recorded {
  readonly fresh: boolean;
}

/** The truth about what was used. One row a finished call, append-only, rolled up by day in the same statement. */
export abstract class Ledger {
  /** Writes an entry and its roll-up; resolves when both are committed. */
  abstract record(entry: UsageEntry): Promise<Recorded>;

  /** Whether rows of new calls would still be kept: false while they cannot be written and too many wait. */
  abstract room(): boolean;

  /** What a subject used in a window, from the roll-up: fills cold counters. */
  abstract usedIn(subject: Subject, window: CounterWindow): Promise<UnitAmounts>;

  /** The tokens that a subject used on each day of a rolling window; days without usage are left out. */
  abstract tokensByDay(subject: Subject, window: CounterWindow): Promise<DayAmount[]>;

  /** The row of a reservation, where there is one. */
  abstract find(id: ReservationId): Promise<UsageEntry | undefined>;
}
