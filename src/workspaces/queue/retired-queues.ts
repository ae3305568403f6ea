import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool } from '../../database/index.js';

const sql = (file: string) => readSql({ scope: 'queue', folder: join(__dirname, 'sql'), file });
const RETIRED = sql('retired-queues');
const MARK_DELETED = sql('mark-queues-deleted');

/** Which workspaces were deleted, and may have left a queue at a broker. */
@Injectable()
export class RetiredQueues {
  constructor(private readonly pool: SqlPool) {}

  /** The ids of some of those workspaces. */
  async due(limit: number): Promise<string[]> {
    return (await this.pool.query<{ id: string }>(RETIRED, [limit])).map(({ id }) => id);
  }

  /** Their queues are gone. */
  async markDeleted(ids: readonly string[]): Promise<void> {
    await this.pool.query(MARK_DELETED, [ids]);
  }
}
