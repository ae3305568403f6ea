import { summaryOf } from './process-summary.js';
import { quantile } from './quantile.js';

describe('the summary of the metrics', () => {
  it('gives every counter under its labels, and their sum under its bare name', () => {
    const samples = [
      { labels: { provider: 'a' }, value: 2 },
      { labels: { provider: 'b' }, value: 3 },
    ];
    const summary = summaryOf([
      { name: 'llm_requests_total', help: '', type: 'counter', samples },
      { name: 'reservations_held', help: '', type: 'gauge', samples: [{ labels: {}, value: 1 }] },
    ]);
    expect(summary.counters).toEqual({
      llm_requests_total: 5,
      'llm_requests_total{provider="a"}': 2,
      'llm_requests_total{provider="b"}': 3,
    });
    expect(summary.gauges).toEqual({ reservations_held: 1 });
  });

  it('gives durations in milliseconds, whatever their own unit', () => {
    const of = { labels: {}, bounds: [0.1, 1], counts: [2, 2, 0], sum: 1.2 };
    const { latencies } = summaryOf([
      { name: 'took_seconds', help: '', type: 'histogram', distributions: [of] },
    ]);
    expect(latencies).toEqual({ took_seconds: { count: 4, averageMs: 300, p50Ms: 100, p95Ms: 910 } });
  });

  it('estimates quantiles as PromQL does', () => {
    expect(quantile(0.5, { bounds: [1, 2], counts: [0, 0, 0] })).toBe(0);
    expect(quantile(0.5, { bounds: [1, 2], counts: [0, 4, 0] })).toBe(1.5);
    expect(quantile(0.99, { bounds: [1, 2], counts: [1, 0, 99] })).toBe(2);
  });
});
