import { type SqlPool } from '../../database/index.js';
import { type ReservationId } from '../domain/ids.js';
import { type UsageEntry } from '../domain/usage.js';
import { timeOf } from '../reservation-ids.js';

import { entryOf, type StoredUsage } from './stored-usage.js';
import { sqlFile } from './sql-file.js';
import { columnsOf, type UsageRow } from './usage-row.js';

const RECORD = sqlFile('record-usage');
const OWN_ROWS = sqlFile('own-rows');
const FIND = sqlFile('find-usage');

/** A row on its way to the ledger. */
export interface OutgoingRow {
  readonly id: ReservationId;
  readonly writeToken: number;
  readonly row: UsageRow;
  /** It was sent before and nobody knows what became of it. */
  readonly unsure: boolean;
}

/** The ledger's table: batches in, single rows out. */
export class UsageRowStore {
  constructor(private readonly pool: SqlPool) {}

  /**
   * Writes rows with distinct ids and their roll-ups in one statement.
   * @returns the ids of those that these very calls wrote, now or in a try whose outcome was never heard.
   */
  async write(rows: readonly OutgoingRow[]): Promise<ReadonlySet<string>> {
    const written = await this.pool.query<{ id: string }>(RECORD, columnsOf(rows.map(({ row }) => row)));
    const fresh = new Set(written.map(({ id }) => id));
    const doubtful = rows.filter(({ id, unsure }) => unsure && !fresh.has(id));
    for (const id of await this.ownRows(doubtful)) fresh.add(id);
    return fresh;
  }

  /** The row of a reservation, where there is one. */
  async find(id: ReservationId): Promise<UsageEntry | undefined> {
    const [row] = await this.pool.query<StoredUsage>(FIND, [id, timeOf(id)]);
    return row && entryOf(row);
  }

  // A statement of its own: it must see what the insert may have had to wait for.
  private async ownRows(rows: readonly OutgoingRow[]): Promise<string[]> {
    if (rows.length === 0) return [];
    const own = await this.pool.query<{ id: string }>(OWN_ROWS, [
      rows.map(({ id }) => id),
      rows.map(({ id }) => timeOf(id)),
      rows.map(({ writeToken }) => writeToken),
    ]);
    return own.map(({ id }) => id);
  }
}
