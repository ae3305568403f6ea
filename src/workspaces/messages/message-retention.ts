import { join } from 'node:path';

import { Inject, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';

import { type Settings, SETTINGS } from '../../config/index.js';
import { readSql, SqlPool } from '../../database/index.js';

const DELETE_OLD = readSql({
  scope: 'messages',
  folder: join(__dirname, 'sql'),
  file: 'delete-old-messages',
});
/** So few that a statement holds nobody up. */
const A_BATCH = 500;

/** Deletes messages that ended longer ago than they are kept; what they cost stays in the ledger. */
@Injectable()
export class MessageRetention {
  private readonly logger = new Logger('Messages');

  constructor(
    private readonly pool: SqlPool,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Cron('35 */10 * * * *')
  async tick(): Promise<void> {
    try {
      const deleted = await this.run();
      if (deleted > 0) this.logger.log({ deleted }, 'Old messages were deleted.');
    } catch (error) {
      this.logger.error(
        { err: error },
        'Old messages could not be deleted; ten minutes later it is tried again.',
      );
    }
  }

  /** @returns how many it deleted. */
  async run(): Promise<number> {
    const { retentionDays } = this.settings.messages;
    if (retentionDays === undefined) return 0;
    let deleted = 0;
    for (let batch = A_BATCH; batch === A_BATCH; deleted += batch)
      batch = (await this.pool.query(DELETE_OLD, [retentionDays, A_BATCH])).length;
    return deleted;
  }
}
