import { type ReservationId } from '../domain/ids.js';

import { type Recorded } from './ledger.port.js';
import { type OutgoingRow } from './usage-row.store.js';
import { type UsageRow } from './usage-row.js';

/** A row that waits for its commit, and the one who waits for the row. */
export class PendingRow implements OutgoingRow {
  readonly recorded: Promise<Recorded>;
  unsure = false;
  /** Postgres refused it with no other row beside it. */
  refusedAlone = false;
  private resolve: (recorded: Recorded) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor(
    readonly id: ReservationId,
    readonly writeToken: number,
    readonly row: UsageRow,
  ) {
    this.recorded = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  written(fresh: boolean): void {
    this.resolve({ fresh });
  }

  failed(error: Error): void {
    this.reject(error);
  }
}
