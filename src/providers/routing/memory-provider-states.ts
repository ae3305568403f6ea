import { type Clock } from '../../rate-limiting/index.js';

import {
  describeState,
  LATENCY_FRESH_MS,
  LATENCY_WEIGHT,
  type LatencyNote,
  type ProbeAnswer,
  type ProviderState,
  ProviderStates,
  type Rest,
} from './provider-states.js';

interface Known {
  restUntil: number | undefined;
  strict: boolean;
  probeUntil: number;
  reason: string | undefined;
  failedAt: number | undefined;
  readonly latencies: Map<string, { meanMs: number; at: number }>;
}

/** The providers' health in this process's memory: for one process. */
export class MemoryProviderStates extends ProviderStates {
  private readonly known = new Map<string, Known>();

  constructor(private readonly clock: Clock) {
    super();
  }

  read(providers: readonly string[]): Promise<ProviderState[]> {
    const now = this.clock.now();
    const states = providers.map((provider) => {
      const { latencies, ...state } = this.of(provider);
      const averages = [...latencies].map(([measure, average]) => ({ measure, ...average }));
      return describeState({ ...state, latencies: averages }, now);
    });
    return Promise.resolve(states);
  }

  rest(provider: string, { reason, restMs, strict }: Rest): Promise<void> {
    const state = this.of(provider);
    const now = this.clock.now();
    const resting = state.restUntil !== undefined && state.restUntil > now;
    state.strict = restMs > 0 && (strict || (resting && state.strict));
    state.restUntil = restMs > 0 ? Math.max(state.restUntil ?? 0, now + restMs) : undefined;
    state.probeUntil = 0;
    state.reason = reason;
    state.failedAt = now;
    return Promise.resolve();
  }

  probe(provider: string, options: { leaseMs: number; early: boolean }): Promise<ProbeAnswer> {
    const state = this.of(provider);
    const now = this.clock.now();
    if (state.restUntil === undefined) return Promise.resolve('available');
    const rests = state.restUntil > now && (state.strict || !options.early);
    if (rests || state.probeUntil > now) return Promise.resolve('refused');
    state.probeUntil = now + options.leaseMs;
    return Promise.resolve('granted');
  }

  endProbe(provider: string, recovered: boolean): Promise<void> {
    const state = this.of(provider);
    state.probeUntil = 0;
    if (recovered) state.restUntil = undefined;
    return Promise.resolve();
  }

  noteLatency(provider: string, { measure, meanMs, count }: LatencyNote): Promise<void> {
    const { latencies } = this.of(provider);
    const now = this.clock.now();
    const before = latencies.get(measure);
    const known = before && now - before.at < LATENCY_FRESH_MS ? before.meanMs : meanMs;
    const weight = 1 - (1 - LATENCY_WEIGHT) ** count;
    latencies.set(measure, { meanMs: known + (meanMs - known) * weight, at: now });
    return Promise.resolve();
  }

  private of(provider: string): Known {
    const known = this.known.get(provider);
    if (known) return known;
    const state: Known = {
      restUntil: undefined,
      strict: false,
      probeUntil: 0,
      reason: undefined,
      failedAt: undefined,
      latencies: new Map(),
    };
    this.known.set(provider, state);
    return state;
  }
}
