import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { type BreakerRow, type OpenBreaker } from '../domain/system-budgets.js';
import { boundedLoad } from '../limits/bounded-load.js';

/** What a change of the circuit breaker is announced as; there is one, so its id says nothing. */
export const BREAKER_CHANGE = 'circuitBreaker';

const KEY = 'all';
const FIND = 'SELECT since, opened_at, closes_at FROM circuit_breaker';
// It was closed by hand and not opened since, or its cool-down has closed it: either way it counts from $1 on.
const OPEN = `
  UPDATE circuit_breaker SET since = $1, opened_at = $2, closes_at = $3
  WHERE (opened_at IS NULL AND since = $1) OR closes_at = $1`;
const CLOSE = 'UPDATE circuit_breaker SET since = $1, opened_at = NULL, closes_at = NULL';

interface StoredRow {
  readonly since: Date;
  readonly opened_at: Date | null;
  readonly closes_at: Date | null;
}

/** The circuit breaker's one row in Postgres, cached: the same on every instance within a second. */
@Injectable()
export class BreakerStore {
  private readonly cache: FreshCache<string, BreakerRow>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {
    this.cache = new FreshCache(feed, { maxEntries: 1 });
    feed.onChange(({ kind }) => {
      if (kind === BREAKER_CHANGE) this.forget();
    });
  }

  /** The row, at most a second old; the same object again for as long as nothing has changed. */
  row(): Soon<BreakerRow> {
    return this.cache.get(KEY, () => boundedLoad(this.feed, () => this.load(this.dataSource.manager)));
  }

  /** Opens it, and tells every instance: once, however many ask for that. @returns whether this call was the one. */
  async open({ sinceMs, openedAtMs, closesAtMs }: OpenBreaker): Promise<boolean> {
    const values = [sinceMs, openedAtMs, closesAtMs].map((ms) => new Date(ms));
    const write = () =>
      this.dataSource.transaction(async (manager) => {
        const [, count] = await manager.query<[unknown, number]>(OPEN, values);
        if (count > 0) await this.feed.publish({ kind: BREAKER_CHANGE, id: KEY }, manager);
        return count > 0;
      });
    // A call waits for this, and a database that hangs must not hold it up.
    const opened = await boundedLoad(this.feed, write);
    this.forget();
    return opened;
  }

  /** The row, which nobody else changes until the transaction ends. */
  locked(manager: EntityManager): Promise<BreakerRow> {
    return this.load(manager, ' FOR UPDATE');
  }

  /** Closes it, to count anew. Whoever does this announces it in the same transaction, and calls `forget` after it. */
  async close(manager: EntityManager, sinceMs: number): Promise<void> {
    await manager.query(CLOSE, [new Date(sinceMs)]);
  }

  /** Drops what this instance keeps of it. */
  forget(): void {
    this.cache.evict(KEY);
  }

  private async load(manager: EntityManager, lock = ''): Promise<BreakerRow> {
    const [row] = await manager.query<StoredRow[]>(FIND + lock);
    if (!row) throw new Error('The table circuit_breaker has lost its row; insert it again, with a `since`.');
    return {
      sinceMs: row.since.getTime(),
      openedAtMs: row.opened_at?.getTime() ?? null,
      closesAtMs: row.closes_at?.getTime() ?? null,
    };
  }
}
