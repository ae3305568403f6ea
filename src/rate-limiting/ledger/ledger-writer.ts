import { Logger } from '@nestjs/common';

import { elapsedSeconds, startOfTiming } from '../../telemetry/index.js';
import { type ReservationId } from '../domain/ids.js';
import { type UsageEntry } from '../domain/usage.js';

import { blamesValues, ledgerUnavailable, notWrittenBeforeEnd, refusedRow } from './ledger-failures.js';
import { COMMIT_FAILURES, COMMIT_SECONDS, COMMITTED } from './ledger.metrics.js';
import { type Recorded } from './ledger.port.js';
import { PendingRow } from './pending-row.js';
import { type UsageRowStore } from './usage-row.store.js';
import { usageRowOf } from './usage-row.js';

const MAX_BATCH = 500;
const MAX_COMMITS_AT_ONCE = 2;
const MAX_WAITING = 50_000;
/** New calls are denied from here on, so that those in flight still find room for their rows. */
const ROOM_ENDS_AT = 40_000;
const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 1_000;

/**
 * Group commit without a timer: what has gathered is committed as soon as the commit before it has ended, and a full
 * batch that waits gets a second connection. While Postgres is away rows are kept, and tried again with back-off.
 *
 * `fresh` is exact, even where a connection was lost in the middle of a commit: every call of `record` marks its row
 * with a token of its own, and a retry that finds the row there asks whose it is. No two rows with one id are ever
 * under way here: the second waits for the first.
 */
export class LedgerWriter {
  private readonly logger = new Logger(LedgerWriter.name);
  private readonly open = new Map<ReservationId, PendingRow>();
  private queue: PendingRow[] = [];
  private commits = 0;
  /** 0 while Postgres answers. */
  private backOffMs = 0;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly store: Pick<UsageRowStore, 'write'>) {}

  /** Rows that are not committed yet. */
  get waiting(): number {
    return this.open.size;
  }

  /** Whether new calls may be let through. */
  room(): boolean {
    return !this.closed && this.open.size < ROOM_ENDS_AT;
  }

  /**
   * Resolves when the row is committed; `fresh` is false where one with its id was there before.
   * @throws CodedError `store_unavailable` where too many rows wait, or after `drain`; `internal_error` for a row that
   *   Postgres refuses.
   */
  async record(entry: UsageEntry): Promise<Recorded> {
    const first = this.open.get(entry.id);
    if (first) {
      return first.recorded.then(
        () => ({ fresh: false }),
        () => this.record(entry),
      );
    }
    if (this.closed || this.open.size >= MAX_WAITING) throw ledgerUnavailable(this.open.size);
    return this.enqueue(entry).recorded;
  }

  /**
   * Commits what waits, before the process ends. Rows that come meanwhile are taken; after it none is.
   * @returns how many rows could not be written in time; each of their calls got an error.
   */
  async drain(timeoutMs: number): Promise<number> {
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      deadline = setTimeout(() => {
        resolve('late');
      }, timeoutMs);
    });
    while (this.open.size > 0) {
      const all = Promise.allSettled([...this.open.values()].map(({ recorded }) => recorded));
      if ((await Promise.race([late, all])) === 'late') break;
    }
    clearTimeout(deadline);
    return this.close();
  }

  private enqueue(entry: UsageEntry): PendingRow {
    const writeToken = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const pending = new PendingRow(entry.id, writeToken, usageRowOf(entry, writeToken));
    this.open.set(pending.id, pending);
    this.queue.push(pending);
    this.pump();
    return pending;
  }

  private pump(): void {
    while (this.mayCommit()) void this.commit(this.queue.splice(0, MAX_BATCH));
  }

  private mayCommit(): boolean {
    if (this.queue.length === 0 || this.retry) return false;
    if (this.commits === 0) return true;
    // After a failure one connection finds out whether Postgres is back.
    return this.backOffMs === 0 && this.commits < MAX_COMMITS_AT_ONCE && this.queue.length >= MAX_BATCH;
  }

  /** Commits a batch, in ever smaller parts where a row of it is refused. */
  private async commit(batch: PendingRow[]): Promise<void> {
    this.commits++;
    const parts = [batch];
    for (let part = parts.pop(); part; part = parts.pop()) {
      try {
        const startedAt = startOfTiming();
        const fresh = await this.store.write(part);
        COMMIT_SECONDS.observe({}, elapsedSeconds(startedAt));
        COMMITTED.add({}, fresh.size);
        this.settle(part, fresh);
      } catch (error) {
        COMMIT_FAILURES.add({});
        if (blamesValues(error)) parts.push(...this.withoutRefused(part, error));
        else this.putBack(parts.splice(0).concat([part]).flat(), error);
      }
    }
    this.commits--;
    this.pump();
  }

  private settle(rows: readonly PendingRow[], fresh: ReadonlySet<string>): void {
    if (this.backOffMs > 0) {
      this.backOffMs = 0;
      this.logger.log(`The ledger is written again; ${this.open.size} rows waited.`);
    }
    for (const row of rows) {
      this.open.delete(row.id);
      row.written(fresh.has(row.id));
    }
  }

  /** What is to be tried next after a refusal: two halves, the one row a second time, or nothing. */
  private withoutRefused(rows: PendingRow[], error: unknown): PendingRow[][] {
    const [row] = rows;
    if (rows.length > 1) {
      const middle = rows.length >> 1;
      return [rows.slice(middle), rows.slice(0, middle)];
    }
    if (!row) return [];
    // A row may also be refused for meeting a partition in the making; the second time it is the row.
    if (!row.refusedAlone) {
      row.refusedAlone = true;
      return [rows];
    }
    this.logger.error({ err: error, usageId: row.id }, 'The ledger refused a row.');
    this.open.delete(row.id);
    row.failed(refusedRow(row.id, error));
    return [];
  }

  private putBack(rows: PendingRow[], error: unknown): void {
    if (this.closed) return;
    if (this.backOffMs === 0) {
      this.logger.warn({ err: error }, 'The ledger cannot be written; rows are kept and tried again.');
    }
    for (const row of rows) row.unsure = true;
    this.queue = rows.concat(this.queue);
    this.backOffMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.backOffMs * 2));
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      this.pump();
    }, this.backOffMs);
  }

  private close(): number {
    this.closed = true;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.queue = [];
    const lost = [...this.open.values()];
    this.open.clear();
    for (const row of lost) row.failed(notWrittenBeforeEnd(row.id));
    if (lost.length > 0) this.logger.error(`${lost.length} rows of the ledger could not be written in time.`);
    return lost.length;
  }
}
