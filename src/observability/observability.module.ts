import { Module, type OnModuleInit } from '@nestjs/common';

import { ProvidersModule } from '../providers/index.js';

import { BudgetGauges } from './gauges/budget.gauges.js';
import { ProviderGauges } from './gauges/provider.gauges.js';
import { StoreGauges } from './gauges/store.gauges.js';
import { MetricsSummaryController } from './metrics-summary.controller.js';
import { MetricsController } from './metrics.controller.js';
import { measureProcess } from './process-metrics.js';
import { MetricsSummary } from './summary/metrics-summary.port.js';
import { ProcessSummary } from './summary/process-summary.js';

/** What is seen of the server from outside: its metrics, and their summary. */
@Module({
  imports: [ProvidersModule],
  controllers: [MetricsController, MetricsSummaryController],
  providers: [
    BudgetGauges,
    ProviderGauges,
    StoreGauges,
    { provide: MetricsSummary, useClass: ProcessSummary },
  ],
  exports: [MetricsSummary],
})
export class ObservabilityModule implements OnModuleInit {
  onModuleInit(): void {
    measureProcess();
  }
}
