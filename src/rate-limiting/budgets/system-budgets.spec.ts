import { setImmediate as turn } from 'node:timers/promises';

import { DataSource } from 'typeorm';

import { ChangeFeed } from '../../database/index.js';
import { PgSqlPool } from '../../database/pg-sql.pool.js';
import { reservationId } from '../domain/ids.js';

import { BreakerStore } from './breaker.store.js';
import { SystemBudgets } from './system-budgets.js';

const NOBODY = 'postgres://127.0.0.1:9/nobody';
const NOON = Date.parse('2026-11-26T12:00:00Z');
const SILENT = { log: () => undefined, warn: () => undefined };

describe('the budgets of the system while Postgres is away', () => {
  const pool = new PgSqlPool({ url: NOBODY, maxConnections: 1, onIdleError: () => undefined });
  const feed = new ChangeFeed({ url: NOBODY, pool, log: SILENT, silenceMs: 200 });
  const source = new DataSource({ type: 'postgres', url: NOBODY });
  const hold = { id: reservationId('a call'), deadlineMs: 0, counters: [] };

  const budgetsOf = (budgets: { hourlyNanoUsd: number; breakerNanoUsd: number }, enabled = true) =>
    new SystemBudgets(new BreakerStore(source, feed), {
      enabled,
      storeFailure: 'closed',
      reservationTtlMs: 1_000,
      timeZone: 'UTC',
      budgets: { ...budgets, breakerCooldownMs: 1_000 },
    });

  afterAll(() => pool.close());

  it('G9: deny every call that the breaker might refuse', async () => {
    const asked = budgetsOf({ hourlyNanoUsd: 1, breakerNanoUsd: 1 }).at(NOON);
    await expect(asked).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('are known at once where there is no breaker to ask for', () => {
    expect(budgetsOf({ hourlyNanoUsd: 1, breakerNanoUsd: 0 }).at(NOON)).toMatchObject({
      breaker: { kind: 'closed' },
      counters: [{ window: { name: 'h2026-11-26T12' } }],
    });
    expect(budgetsOf({ hourlyNanoUsd: 1, breakerNanoUsd: 1 }, false).at(NOON)).toMatchObject({
      counters: [],
    });
  });

  it('leave nothing behind that would end the process when a call ends', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('unhandledRejection', hear);
    try {
      expect(budgetsOf({ hourlyNanoUsd: 1, breakerNanoUsd: 1 }).mayMiss(hold, NOON)).toBe(true);
      for (let turns = 0; turns < 10; turns++) await turn();
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });
});
