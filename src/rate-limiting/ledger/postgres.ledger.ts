import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { type Subject } from '../domain/caller.js';
import { type UnitAmounts } from '../domain/counters.js';
import { type ReservationId } from '../domain/ids.js';
import { type CounterWindow } from '../domain/limit.js';
import { type DayAmount, isRolling } from '../domain/rolling.js';
import { type UsageEntry } from '../domain/usage.js';
import { LiveReservations } from '../live-reservations.js';

import { LedgerWriter } from './ledger-writer.js';
import { WAITING } from './ledger.metrics.js';
import { Ledger, type Recorded } from './ledger.port.js';
import { RollingUsedStore } from './rolling-used.store.js';
import { UsageRowStore } from './usage-row.store.js';
import { UsedStore } from './used.store.js';

/** How long a shutdown waits for rows to be committed. */
const DRAIN_MS = 10_000;
/** How long it waits for calls that are being cut to come to their end. */
const LAST_CALLS_MS = 5_000;

/** The ledger in PostgreSQL: batched writes, sums out of the roll-up. */
@Injectable()
export class PostgresLedger extends Ledger implements OnApplicationShutdown {
  private readonly rows: UsageRowStore;
  private readonly writer: LedgerWriter;
  private readonly used: UsedStore;
  private readonly rolling: RollingUsedStore;
  private readonly stopTelling = WAITING.readFrom(() => [{ labels: {}, value: this.waiting }]);

  constructor(
    pool: SqlPool,
    private readonly live: LiveReservations,
  ) {
    super();
    this.rows = new UsageRowStore(pool);
    this.writer = new LedgerWriter(this.rows);
    this.used = new UsedStore(pool);
    this.rolling = new RollingUsedStore(pool);
  }

  /** @throws CodedError as `LedgerWriter.record` does. */
  override record(entry: UsageEntry): Promise<Recorded> {
    return this.writer.record(entry);
  }

  override async usedIn(subject: Subject, window: CounterWindow): Promise<UnitAmounts> {
    if (!isRolling(window)) return this.used.usedIn(subject, window);
    const days = await this.tokensByDay(subject, window);
    return { tokens: days.reduce((sum, { amount }) => sum + amount, 0) };
  }

  override tokensByDay(subject: Subject, window: CounterWindow): Promise<DayAmount[]> {
    return this.rolling.tokensByDay(subject, window);
  }

  override find(id: ReservationId): Promise<UsageEntry | undefined> {
    return this.rows.find(id);
  }

  /** Whether rows of new calls would still be kept: false while Postgres is away and many wait. */
  override room(): boolean {
    return this.writer.room();
  }

  /** Rows that are not committed yet. */
  get waiting(): number {
    return this.writer.waiting;
  }

  /** Commits what waits; after it nothing is taken. @returns how many rows could not be written in time. */
  drain(timeoutMs: number): Promise<number> {
    return this.writer.drain(timeoutMs);
  }

  /** Calls whose clients were just cut are on their way to their rows. */
  async onApplicationShutdown(): Promise<void> {
    await this.live.allEnded(LAST_CALLS_MS);
    await this.drain(DRAIN_MS);
    this.stopTelling();
  }
}
