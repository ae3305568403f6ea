import { type OnApplicationBootstrap } from '@nestjs/common';
import { type DataSource } from 'typeorm';
import { type SqlPool } from './sql-pool.js';

const NOTHING = { name: 'ready_connection', text: 'SELECT 1' };

/**
 * Opens the connections that calls will need before the first one comes. A call waits 250 ms at most for a database
 * that says nothing, and a busy server may take longer than that to open five connections at once.
 */
export class ReadyConnections implements OnApplicationBootstrap {
  constructor(
    private readonly input: {
      readonly orm: DataSource;
      readonly pool: SqlPool;
      /** How many of the one and of the other. */
      readonly counts: readonly [number, number];
    },
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { orm, pool, counts } = this.input;
    await Promise.all([
      ...Array.from({ length: counts[0] }, () => orm.query(NOTHING.text)),
      ...Array.from({ length: counts[1] }, () => pool.query(NOTHING)),
    ]);
  }
}
