/** A sample's value: a count, or money as a decimal string of USD. */
export type ShownValue = number | string;

/**
 * Samples under their names, with labels as Prometheus writes them: `llm_requests_total{operation="llm_call"}`. Of the
 * server's own counters the bare name is the sum over all labels.
 */
export interface MetricsShown {
  readonly counters: Readonly<Record<string, ShownValue>>;
  readonly gauges: Readonly<Record<string, ShownValue>>;
  readonly latencies: Readonly<Record<string, LatencyShown>>;
}

/** How long something took. */
export interface LatencyShown {
  readonly count: number;
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Only where each one is known, and not just how many fell into which bucket. */
  readonly maxMs?: number;
}

/** Who sums up what the metrics stand at. */
export abstract class MetricsSummary {
  abstract get(): Promise<MetricsShown>;
}
