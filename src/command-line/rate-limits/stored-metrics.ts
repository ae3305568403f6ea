import { Inject, Injectable } from '@nestjs/common';

import { type MetricsShown, MetricsSummary, type ShownValue } from '../../observability/index.js';
import {
  Clock,
  dayAt,
  formatUsd,
  parseUsd,
  periodAt,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
  type UsageSums,
  UsageRowsStore,
} from '../../rate-limiting/index.js';

import { ServersNow } from './servers-now.js';
import { type StatusCount, StoredMetricsStore } from './stored-metrics.store.js';

const LATELY_MS = 15 * 60_000;
const MOST_ROWS = 10_000;

/** A summary out of what Postgres and Redis know: of this month's calls, whichever process served them. */
@Injectable()
export class StoredMetrics extends MetricsSummary {
  constructor(
    private readonly rows: UsageRowsStore,
    private readonly store: StoredMetricsStore,
    private readonly servers: ServersNow,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {
    super();
  }

  override async get(): Promise<MetricsShown> {
    const now = this.clock.now();
    const { timeZone } = this.options;
    const period = periodAt(now, { billingDay: 1, timeZone });
    const query = {
      firstDay: period.name,
      lastDay: dayAt(now, timeZone),
      groupBy: ['operation', 'provider'] as const,
    };
    const [usage, unsettled, latencies] = await Promise.all([
      this.rows.page(query, { limit: MOST_ROWS }),
      this.store.unsettledSince(period.startsAtMs),
      this.store.latenciesSince(now - LATELY_MS),
    ]);
    return {
      counters: { ...countersOf(usage), ...statusesOf(usage, unsettled) },
      gauges: await this.gauges(),
      latencies: Object.fromEntries(
        latencies.map(({ provider, ...latency }) => [
          sample('llm_request_latency_ms', { provider }),
          latency,
        ]),
      ),
    };
  }

  /** Nothing without Redis: the server alone knows then. */
  private async gauges(): Promise<MetricsShown['gauges']> {
    const now = await this.servers.look();
    if (!now) return {};
    const { instances, reservations } = now;
    return { reservations_live: reservations.live, reservations_overdue: reservations.overdue, instances };
  }
}

function countersOf(usage: readonly UsageSums[]): Record<string, ShownValue> {
  const samples = usage.flatMap((row) => {
    const labels = { operation: row.keys[0] ?? '', provider: row.keys[1] ?? '' };
    return [
      [sample('llm_requests_total', labels), row.calls],
      [sample('token_usage_total', labels), row.totalTokens],
      [sample('api_cost_total_usd', labels), row.costUsd],
    ] as const;
  });
  return Object.fromEntries<ShownValue>(samples);
}

/** Almost every call is settled, so the others are looked up and these are what is left of the roll-up. */
function statusesOf(
  usage: readonly UsageSums[],
  unsettled: readonly StatusCount[],
): Record<string, ShownValue> {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const calls = sum(usage.map((row) => row.calls)) - sum(unsettled.map((status) => status.calls));
  const spent = sum(usage.map((row) => parseUsd(row.costUsd) ?? 0));
  const costNanoUsd = spent - sum(unsettled.map((status) => status.costNanoUsd));
  const samples = [{ status: 'settled', calls, costNanoUsd }, ...unsettled].flatMap(({ status, ...of }) => [
    [sample('calls_total', { status }), of.calls] as const,
    [sample('cost_total_usd', { status }), formatUsd(of.costNanoUsd)] as const,
  ]);
  return Object.fromEntries<ShownValue>(samples);
}

function sample(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}
