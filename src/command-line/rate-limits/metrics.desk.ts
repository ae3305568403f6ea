import { Injectable, Module } from '@nestjs/common';

import { type MetricsShown, MetricsSummary } from '../../observability/index.js';

import { ServersNow } from './servers-now.js';
import { StoredMetrics } from './stored-metrics.js';
import { StoredMetricsStore } from './stored-metrics.store.js';

/** The summary that `ratelimit metrics` shows. */
@Module({
  providers: [StoredMetricsStore, ServersNow, { provide: MetricsSummary, useClass: StoredMetrics }],
  exports: [MetricsSummary],
})
export class MetricsModule {}

/** Looks at the metrics. */
@Injectable()
export class MetricsDesk {
  constructor(private readonly summary: MetricsSummary) {}

  show(): Promise<MetricsShown> {
    return this.summary.get();
  }
}
