import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool } from '../../database/index.js';
import { type LatencyShown } from '../../observability/index.js';

const FOLDER = { scope: 'metrics', folder: join(__dirname, 'sql') };
const STATUS_COUNTS = readSql({ ...FOLDER, file: 'status-counts' });
const RECENT_LATENCIES = readSql({ ...FOLDER, file: 'recent-latencies' });

/** Calls of one status; money in nano-dollars. */
export interface StatusCount {
  readonly status: string;
  readonly calls: number;
  readonly costNanoUsd: number;
}

interface StatusRow {
  readonly status: string;
  readonly calls: number;
  readonly cost_nano_usd: number;
}

interface LatencyRow {
  readonly provider: string;
  readonly count: number;
  readonly average: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Figures that the ledger keeps and no roll-up does. */
@Injectable()
export class StoredMetricsStore {
  constructor(private readonly pool: SqlPool) {}

  /** The calls that were not simply settled, since an instant. */
  async unsettledSince(atMs: number): Promise<StatusCount[]> {
    const rows = await this.pool.query<StatusRow>(STATUS_COUNTS, [new Date(atMs)]);
    return rows.map(({ status, calls, cost_nano_usd }) => ({ status, calls, costNanoUsd: cost_nano_usd }));
  }

  /** How long calls that ended since an instant took, by provider. */
  async latenciesSince(atMs: number): Promise<(LatencyShown & { readonly provider: string })[]> {
    const rows = await this.pool.query<LatencyRow>(RECENT_LATENCIES, [new Date(atMs), leastIdAt(atMs)]);
    return rows.map(({ provider, count, average, p50, p95, max }) => ({
      provider,
      count,
      averageMs: Math.round(average),
      p50Ms: Math.round(p50),
      p95Ms: Math.round(p95),
      maxMs: max,
    }));
  }
}

/** No UUIDv7 of that instant or later is less. */
function leastIdAt(atMs: number): string {
  const time = atMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
