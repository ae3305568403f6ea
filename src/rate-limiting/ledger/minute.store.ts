import { Injectable } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';

import { sqlFile } from './sql-file.js';

const FORGET = sqlFile('forget-minutes');
const FOLD = sqlFile('fold-minutes');
/** A job of an hour ago may be settled yet, and the counter of its hour be read anew. */
const KEPT_MS = 2 * 86_400_000;

/** What all callers spent minute by minute: kept for as long as a budget of the system counts it. */
@Injectable()
export class MinuteStore {
  constructor(private readonly pool: SqlPool) {}

  /** Forgets what is over, and puts old minutes together. May be run by many at once, and again. */
  async forget(nowMs: number): Promise<void> {
    await this.pool.query(FORGET, [nowMs - KEPT_MS]);
    await this.pool.query(FOLD, [nowMs - KEPT_MS]);
  }
}
