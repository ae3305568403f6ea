import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges whose names say that they are counters, and which say nothing that `…_resources` does not. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

let registry: Registry | undefined;

/** What Node and the kernel tell of this process: memory, CPU, garbage collection, how late the event loop is. */
export async function processMetrics(): Promise<string> {
  registry ??= collecting();
  return registry.metrics();
}

/** Begins to measure, so that the first scrape has something to show. */
export function measureProcess(): void {
  registry ??= collecting();
}

function collecting(): Registry {
  const made = new Registry();
  collectDefaultMetrics({ register: made });
  for (const name of MISNAMED) made.removeSingleMetric(name);
  return made;
}
