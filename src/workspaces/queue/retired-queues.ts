import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool } from '../../database/index.js';

const sql = (file: string) => readSql({ scope: 'queue', folder: join(__dirname, 'sql'), file });
const RETIRED = sql('retired-queues');
const HOLD = sql('hold-retired-queue');
const MARK_DELETED = sql('mark-queue-deleted');
const PUT_OFF = sql('put-off-queue');
const UNMARK = sql('unmark-queues');

/** Which workspaces were deleted, and may have left a queue at a broker. */
@Injectable()
export class RetiredQueues {
  constructor(private readonly pool: SqlPool) {}

  /** The ids of some of those workspaces. */
  async due(limit: number): Promise<string[]> {
    return (await this.pool.query<{ id: string }>(RETIRED, [limit])).map(({ id }) => id);
  }

  /**
   * Has a queue deleted and remembers that; who registers the id again waits meanwhile. Nothing happens where that was done
   * since it was found due. @throws what `remove` throws: then it is due again some seconds later.
   */
  async delete(id: string, remove: () => Promise<void>): Promise<void> {
    try {
      await this.pool.transaction(async (session) => {
        if ((await session.query(HOLD, [id])).length === 0) return;
        await remove();
        await session.query(MARK_DELETED, [id]);
      });
    } catch (error) {
      await this.pool.query(PUT_OFF, [id]);
      throw error;
    }
  }

  /** Workers of these workspaces have ended: of those that were deleted the queues may be there again. */
  async deleteAgain(ids: readonly string[]): Promise<void> {
    await this.pool.query(UNMARK, [ids]);
  }
}
