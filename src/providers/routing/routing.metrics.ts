import { counter, histogram } from '../../telemetry/index.js';

/** In milliseconds: the name is a given one. */
const LATENCY_MS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const;
const WAIT_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const REQUESTS = counter({
  name: 'llm_requests_total',
  help: 'Requests that were sent to providers, by what came of them: answered, or why not.',
  labels: ['provider', 'operation', 'outcome'],
});
const LATENCY = histogram(
  {
    name: 'llm_request_latency_ms',
    help: 'How long providers took to answer, in milliseconds; of a stream until its first chunk (operation *.first_byte).',
    labels: ['provider', 'operation'],
  },
  LATENCY_MS,
);
const RATE_LIMITED = counter({
  name: 'llm_rate_limited_total',
  help: 'Times that a rate kept a call from a provider: upstream (it answered 429) or permits (ours for it were spent).',
  labels: ['provider', 'by'],
});
const FAILOVERS = counter({
  name: 'llm_failovers_total',
  help: 'Calls that went on to another provider since one did not answer.',
  labels: ['from_provider', 'to_provider'],
});
const PERMIT_WAIT = histogram(
  {
    name: 'provider_permit_wait_seconds',
    help: "How long calls waited for a permit of a provider's rate; those that need not wait are not in it.",
    labels: ['provider'],
  },
  WAIT_SECONDS,
);

/** A request to a provider came back. @param outcome `answered`, or why not */
export function countRequest(
  provider: string,
  seen: { readonly operation: string; readonly outcome: string; readonly tookMs: number },
): void {
  const { operation, outcome, tookMs } = seen;
  REQUESTS.add({ provider, operation, outcome });
  if (outcome === 'answered') LATENCY.observe({ provider, operation }, tookMs);
  if (outcome === 'rate_limited') RATE_LIMITED.add({ provider, by: 'upstream' });
}

/** Our own permits for a provider were spent. */
export function countNoPermits(provider: string): void {
  RATE_LIMITED.add({ provider, by: 'permits' });
}

export function countWait(provider: string, waitedMs: number): void {
  if (waitedMs > 0) PERMIT_WAIT.observe({ provider }, waitedMs / 1000);
}

export function countFailover(from: string, to: string): void {
  FAILOVERS.add({ from_provider: from, to_provider: to });
}
