import { setTimeout as delay } from 'node:timers/promises';

import { quantile } from './figures.js';

/** What a load saw of one call. */
export interface Seen {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Calls in so many loops at once, each waiting for its answer, until the time is over. */
export async function inFlight(loops: number, ms: number, call: () => Promise<unknown>): Promise<Seen> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + ms;
  const loop = async () => {
    for (let now = performance.now(); now < end;) {
      await call();
      const after = performance.now();
      latencies.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return seen(latencies, performance.now() - start);
}

/** So many calls a second, whether those before have been answered or not. */
export async function atRate(perSecond: number, ms: number, call: () => Promise<unknown>): Promise<Seen> {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  const one = async () => {
    const start = performance.now();
    await call();
    latencies.push(performance.now() - start);
  };
  const start = performance.now();
  for (let past = 0; past < ms; past = performance.now() - start) {
    while (calls.length < (past / 1000) * perSecond) calls.push(one());
    await delay(1);
  }
  await Promise.all(calls);
  return seen(latencies, performance.now() - start);
}

function seen(latencies: readonly number[], ms: number): Seen {
  return {
    perSecond: (latencies.length * 1000) / ms,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}
