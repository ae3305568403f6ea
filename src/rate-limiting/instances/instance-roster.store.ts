import { randomUUID } from 'node:crypto';

import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { sqlFile } from '../ledger/sql-file.js';

const BEAT = sqlFile('instance-beat');
const ALIVE = sqlFile('instances-alive');
const LEAVE = sqlFile('instance-leave');

const BEAT_MS = 1_000;

/**
 * Which instances live, as Postgres knows: each says so once a second, and is taken for dead after five. Times are the
 * database's, so that skewed clocks agree.
 */
@Injectable()
export class InstanceRoster implements OnApplicationShutdown {
  /** This instance. */
  readonly self: string = randomUUID();
  private readonly logger = new Logger(InstanceRoster.name);
  private beating: NodeJS.Timeout | undefined;
  private asking: Promise<string[]> | undefined;

  constructor(private readonly pool: SqlPool) {}

  /** From now on this instance counts. */
  async enter(): Promise<void> {
    if (this.beating) return;
    await this.beat();
    this.beating ??= setInterval(() => {
      this.beat().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'This instance could not say that it lives.');
      });
    }, BEAT_MS);
    this.beating.unref();
  }

  /** The instances that live, this one among them. */
  alive(): Promise<string[]> {
    // The shards of a cluster ask all at once.
    this.asking ??= this.askAlive().finally(() => (this.asking = undefined));
    return this.asking;
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.beating) return;
    clearInterval(this.beating);
    await this.pool.query(LEAVE, [this.self]).catch(() => undefined);
  }

  private async askAlive(): Promise<string[]> {
    const rows = await this.pool.query<{ id: string }>(ALIVE);
    return rows.map(({ id }) => id);
  }

  private async beat(): Promise<void> {
    await this.pool.query(BEAT, [this.self]);
  }
}
