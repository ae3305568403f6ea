export { ObservabilityModule } from './observability.module.js';
export {
  type LatencyShown,
  type MetricsShown,
  MetricsSummary,
  type ShownValue,
} from './summary/metrics-summary.port.js';
export { startTracing, stopTracing } from './tracing.js';
