/** A sample's value: a count, or money as a decimal string of USD. */
export type Sample = number | string;

/** Samples under their names, with labels as Prometheus writes them: `llm_requests_total{operation="llm_call"}`. */
export interface MetricsShown {
  readonly counters: Readonly<Record<string, Sample>>;
  readonly gauges: Readonly<Record<string, Sample>>;
  readonly latencies: Readonly<Record<string, LatencyShown>>;
}

/** Of the calls that ended lately. */
export interface LatencyShown {
  readonly count: number;
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** Who sums up what the metrics stand at. */
export abstract class MetricsSummary {
  abstract get(): Promise<MetricsShown>;
}
