import { Logger } from '@nestjs/common';

import { migrate } from '../../../src/database/migrate.js';
import { PgSqlPool } from '../../../src/database/pg-sql.pool.js';
import { apiKeyId, userId } from '../../../src/rate-limiting/domain/ids.js';
import { type UsageEntry } from '../../../src/rate-limiting/domain/usage.js';
import { PartitionStore } from '../../../src/rate-limiting/ledger/partition.store.js';
import { UsageRowStore } from '../../../src/rate-limiting/ledger/usage-row.store.js';
import { FrozenClock } from '../../../src/rate-limiting/domain/clock.js';
import { newReservationId } from '../../../src/rate-limiting/reservation-ids.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';

export const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

/** A private PostgreSQL with the ledger's schema, and pools as separate instances of the app would have. */
export class LedgerHarness {
  private readonly pools: PgSqlPool[] = [];
  private asker: PgSqlPool | undefined;

  private constructor(
    readonly postgres: TestPostgres,
    private readonly url: string,
  ) {}

  static async start(): Promise<LedgerHarness> {
    // Outages are part of these tests.
    Logger.overrideLogger(false);
    const postgres = await startPostgres();
    const url = await postgres.newDatabase();
    await migrate(url);
    const harness = new LedgerHarness(postgres, url);
    await harness.partitions().ensurePartitions(NOW_MS, 1);
    return harness;
  }

  newPool(): PgSqlPool {
    const pool = new PgSqlPool({ url: this.url, maxConnections: 4, onIdleError: () => undefined });
    this.pools.push(pool);
    return pool;
  }

  newStore(): UsageRowStore {
    return new UsageRowStore(this.newPool());
  }

  partitions(): PartitionStore {
    return new PartitionStore(this.newPool(), new FrozenClock(NOW_MS));
  }

  /** The rows of a question of the test's own. */
  ask<Row extends Record<string, unknown>>(text: string): Promise<Row[]> {
    this.asker ??= this.newPool();
    return this.asker.query<Row>({ name: '', text });
  }

  /** The rows in which a roll-up differs from the sums of the ledger: none, where all is well. */
  async disagreements(): Promise<Record<string, unknown>[]> {
    return [
      ...(await this.ask(differencesOf('usage_daily', DAILY_KEY))),
      ...(await this.ask(differencesOf('usage_monthly', MONTHLY_KEY))),
      ...(await this.ask(MINUTES_DIFFER)),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.close()));
    await this.postgres.stop();
  }
}

/** A finished call; what a test does not care about is filled in. */
export function usage(over: Partial<UsageEntry> = {}): UsageEntry {
  return {
    id: newReservationId(NOW_MS),
    caller: { userId: userId('ada'), apiKeyId: apiKeyId('key-1') },
    operation: 'llm_call',
    provider: 'openai',
    model: 'gpt-5-mini',
    inputTokens: 70,
    outputTokens: 30,
    totalTokens: 100,
    calls: 1,
    operationCount: 1,
    costNanoUsd: 1_500,
    status: 'settled',
    estimated: false,
    softExceeded: false,
    metadata: {},
    estimatedTokens: 120,
    latencyMs: 40,
    day: '2026-11-21',
    localDay: '2026-11-21',
    ...over,
  };
}

const MINUTES_DIFFER = `
  SELECT minute, cost AS ledger, rolled FROM (
    SELECT date_trunc('minute', created_at, 'UTC') AS minute, sum(cost_nano_usd) AS cost FROM token_usage GROUP BY 1
  ) rows FULL JOIN (
    SELECT minute, sum(cost_nano_usd) AS rolled FROM usage_by_minute GROUP BY 1
  ) minutes USING (minute)
  WHERE coalesce(cost, 0) <> coalesce(rolled, 0)`;
const SUMS = ['calls', 'operation_count', 'input_tokens', 'output_tokens', 'total_tokens', 'cost_nano_usd'];
const DAILY_KEY =
  'user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model';
const MONTHLY_KEY = "date_trunc('month', day)::date, user_id, operation";

function differencesOf(rollUp: string, key: string): string {
  const ledger = `SELECT ${key}, ${SUMS.map((sum) => `sum(${sum})::bigint`).join(', ')} FROM token_usage GROUP BY ${key}`;
  const columns = rollUp === 'usage_monthly' ? 'month, user_id, operation' : key;
  const rolled = `SELECT ${columns}, ${SUMS.join(', ')} FROM ${rollUp}`;
  return `(${ledger} EXCEPT ALL ${rolled}) UNION ALL (${rolled} EXCEPT ALL ${ledger})`;
}
