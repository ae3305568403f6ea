import { Injectable } from '@nestjs/common';

import {
  countOf,
  type Distribution,
  type Family,
  readInstruments,
  seriesName,
} from '../../telemetry/index.js';

import { type LatencyShown, type MetricsShown, MetricsSummary } from './metrics-summary.port.js';
import { quantile } from './quantile.js';

/** Sums up the instruments of this process, since its start. */
@Injectable()
export class ProcessSummary extends MetricsSummary {
  override async get(): Promise<MetricsShown> {
    return summaryOf(await readInstruments());
  }
}

/** Families as a summary. Durations are in ms, whatever their own unit. */
export function summaryOf(families: readonly Family[]): MetricsShown {
  const counters: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const latencies: Record<string, LatencyShown> = {};
  for (const family of families) {
    if (family.type === 'histogram') {
      for (const one of family.distributions)
        latencies[seriesName(family.name, one.labels)] = latencyOf(one, msPerUnit(family.name));
      continue;
    }
    const shown = family.type === 'counter' ? counters : gauges;
    for (const { labels, value } of family.samples) shown[seriesName(family.name, labels)] = value;
    if (family.type === 'counter')
      counters[family.name] = family.samples.reduce((sum, { value }) => sum + value, 0);
  }
  return { counters, gauges, latencies };
}

function msPerUnit(name: string): number {
  return name.endsWith('_seconds') ? 1000 : 1;
}

function latencyOf(of: Distribution, ms: number): LatencyShown {
  const count = countOf(of);
  const rounded = (value: number) => Math.round(value * ms * 100) / 100;
  return {
    count,
    averageMs: rounded(count === 0 ? 0 : of.sum / count),
    p50Ms: rounded(quantile(0.5, of)),
    p95Ms: rounded(quantile(0.95, of)),
  };
}
