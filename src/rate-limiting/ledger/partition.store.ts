import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { Clock } from '../domain/clock.js';

import { sqlFile } from './sql-file.js';

const EARLY_MONTHS = sqlFile('early-months');
const ENSURE = sqlFile('ensure-partition');
const MONTHS_AHEAD = 2;

/** The ledger's partitions, one a UTC month. A row that meets none lies in the default one until there is. */
@Injectable()
export class PartitionStore implements OnApplicationBootstrap {
  private readonly logger = new Logger(PartitionStore.name);

  constructor(
    private readonly pool: SqlPool,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the partitions of this month and the next ones, and of past months whose rows still lie in the default one.
   * May be run by many at once, and again.
   * @returns the months that were made, as their first days.
   */
  async ensurePartitions(nowMs: number, monthsAhead: number): Promise<string[]> {
    const wanted = Array.from({ length: monthsAhead + 1 }, (_, ahead) => utcMonth(nowMs, ahead));
    const early = await this.pool.query<{ month: string }>(EARLY_MONTHS, [utcMonth(nowMs, monthsAhead)]);
    const made: string[] = [];
    for (const month of new Set([...early.map((row) => row.month), ...wanted])) {
      const [answer] = await this.pool.query<{ made: boolean }>(ENSURE, [month]);
      if (answer?.made) made.push(month);
    }
    return made;
  }

  /** At the start. A failure stops nothing: the default partition takes every row. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.ensurePartitions(this.clock.now(), MONTHS_AHEAD);
    } catch (error) {
      this.logger.error(
        { err: error },
        'The partitions of token_usage could not be made; its default one takes all rows.',
      );
    }
  }
}

function utcMonth(nowMs: number, ahead: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString().slice(0, 10);
}
