import { Injectable } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';

import {
  allRows,
  type KeyValues,
  pageRows,
  type UsageQuery,
  type UsageRange,
} from './usage-rows.statement.js';

/** A batch of a stream: enough to be worth a round trip, little enough to hold. */
const ROWS_A_FETCH = 2_000;

/** Sums of one combination of keys; `keys` in the order in which they were asked for, a month as its first day. */
export interface UsageSums {
  readonly keys: KeyValues;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly costUsd: string;
}

type SumsRow = Readonly<Record<`key_${number}`, string | null>> & {
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  readonly cost_usd: string;
};

/** Sums out of the roll-ups, by any of their keys. On the ORM's connections: a long report holds up no call. */
@Injectable()
export class UsageRowsStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Up to `limit` rows, in the order of their keys, those without a key after those with one. */
  async page(query: UsageQuery, range: UsageRange): Promise<UsageSums[]> {
    const rows: SumsRow[] = [];
    for (const part of pageRows(query, range)) {
      const room = range.limit - rows.length;
      if (room <= 0) break;
      const { text, values } = part(room);
      rows.push(...(await this.dataSource.query<SumsRow[]>(text, [...values])));
    }
    return rows.map((row) => sumsOf(row, query));
  }

  /**
   * All rows, some thousands at a time, as they were at one moment. The connection is held until the last batch was
   * taken or the consumer gave up; one that takes none for half a minute loses it, and the next batch rejects.
   */
  async *batches(query: UsageQuery): AsyncGenerator<UsageSums[], void, undefined> {
    const runner = this.dataSource.createQueryRunner();
    let next: Promise<SumsRow[]> = Promise.resolve([]);
    try {
      await openCursor(runner, query);
      next = fetch(runner);
      for (;;) {
        const rows = await next;
        if (rows.length === 0) return;
        // Asked for ahead: the database works on the next batch while this one is written.
        next = fetch(runner);
        yield rows.map((row) => sumsOf(row, query));
      }
    } finally {
      await next.catch(() => undefined);
      await close(runner);
    }
  }
}

function fetch(runner: QueryRunner): Promise<SumsRow[]> {
  const rows = runner.manager.query<SumsRow[]>(`FETCH ${ROWS_A_FETCH} FROM report`);
  // Whoever waits for it is told; until somebody does, a failure is not an unhandled one.
  rows.catch(() => undefined);
  return rows;
}

async function openCursor(runner: QueryRunner, query: UsageQuery): Promise<void> {
  const { text, values } = allRows(query);
  await runner.startTransaction();
  // All of it will be read: a plan whose first rows come soon but whose last come late would be the wrong one.
  await runner.query('SET LOCAL cursor_tuple_fraction = 1');
  await runner.query(`DECLARE report NO SCROLL CURSOR FOR ${text}`, [...values]);
}

/** Nothing was written, so whatever ended the reading, the transaction is rolled back. */
async function close(runner: QueryRunner): Promise<void> {
  try {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } catch {
    // The connection is gone, and its transaction with it.
  } finally {
    await runner.release();
  }
}

function sumsOf(row: SumsRow, { groupBy }: UsageQuery): UsageSums {
  return {
    keys: groupBy.map((_, index) => row[`key_${index}`] ?? null),
    calls: row.calls,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    totalTokens: row.total_tokens,
    costUsd: row.cost_usd,
  };
}
