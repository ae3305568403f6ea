import { Injectable } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { type ReservationId, reservationId, type UserId } from '../domain/ids.js';
import { type Operation } from '../domain/operation.js';
import { type UsageEntry, type UsageStatus } from '../domain/usage.js';
import { timeOf } from '../reservation-ids.js';

import { sqlFile } from './sql-file.js';
import { entryOf, type StoredUsage } from './stored-usage.js';

const USER_ROWS = sqlFile('user-rows');
/** After every UUIDv7 there will be. */
const LAST_ID = reservationId('7fffffff-ffff-7fff-bfff-ffffffffffff');

/** Which of a user's rows. */
export interface UserRowsQuery {
  readonly operations: readonly Operation[];
  readonly statuses: readonly UsageStatus[];
  /** Only what came before it. */
  readonly before?: ReservationId | undefined;
  readonly limit: number;
}

/** Single rows of the ledger, for the one who left them. */
@Injectable()
export class UserRowsStore {
  constructor(private readonly pool: SqlPool) {}

  /** The newest first. */
  async newest(userId: UserId, query: UserRowsQuery): Promise<UsageEntry[]> {
    const { operations, statuses, before = LAST_ID, limit } = query;
    if (operations.length === 0 || statuses.length === 0) return [];
    const values = [userId, operations, statuses, before, timeOf(before), limit];
    const rows = await this.pool.query<StoredUsage>(USER_ROWS, values);
    return rows.map(entryOf);
  }
}
