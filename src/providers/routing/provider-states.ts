/** `half_open`: its rest is over, and the next call that gets the probe shows whether it is well again. */
export type Standing = 'available' | 'cooling_down' | 'half_open';

/** How a provider stands, on all instances. Times are relative, since the clock is the store's. */
export interface ProviderState {
  readonly standing: Standing;
  /** Until it may be asked again; 0 unless it cools down. */
  readonly restMs: number;
  /** Its last failure of a kind that makes it rest, for as long as the store remembers. */
  readonly lastFailure: { readonly reason: string; readonly agoMs: number } | undefined;
  /** Moving averages in ms by what was measured, without those of long ago. */
  readonly latencies: Readonly<Record<string, number>>;
}

/** `available`: it needs no probe. */
export type ProbeAnswer = 'granted' | 'refused' | 'available';

/** How long calls took since the last note. */
export interface LatencyNote {
  readonly measure: string;
  readonly meanMs: number;
  readonly count: number;
}

/** Of each new latency this much goes into the average. */
export const LATENCY_WEIGHT = 0.2;
/** An average that nobody added to for so long says nothing any more. */
export const LATENCY_FRESH_MS = 5 * 60_000;

/**
 * What all instances know of the providers' health. Two implementations of one behaviour (Redis, memory), held together
 * by one contract suite. Every verb is atomic; time is the store's own.
 */
export abstract class ProviderStates {
  /** The states of providers, in the order asked. */
  abstract read(providers: readonly string[]): Promise<ProviderState[]>;

  /**
   * Lets a provider rest: until the later of what it rests anyway and `restMs` from now; a probe under way is over. With
   * 0 its rest ends. `strict`: nobody may probe it before its time.
   */
  abstract rest(provider: string, rest: Rest): Promise<void>;

  /** Asks for the one probe of a half-open provider; `early` also of one that cools down, unless that is strict. */
  abstract probe(
    provider: string,
    options: { readonly leaseMs: number; readonly early: boolean },
  ): Promise<ProbeAnswer>;

  /** A probe has ended: the provider is well again, or nothing is known and the next may probe. */
  abstract endProbe(provider: string, recovered: boolean): Promise<void>;

  abstract noteLatency(provider: string, note: LatencyNote): Promise<void>;
}

export interface Rest {
  readonly reason: string;
  readonly restMs: number;
  readonly strict: boolean;
}

/** What a store keeps of a provider; instants in ms. */
export interface StoredState {
  readonly restUntil?: number | undefined;
  readonly reason?: string | undefined;
  readonly failedAt?: number | undefined;
  readonly latencies: readonly { readonly measure: string; readonly meanMs: number; readonly at: number }[];
}

/** What the stored means now. */
export function describeState(stored: StoredState, nowMs: number): ProviderState {
  const { restUntil, reason, failedAt, latencies } = stored;
  const restMs = Math.max(0, (restUntil ?? nowMs) - nowMs);
  const fresh = latencies.filter(({ at }) => nowMs - at < LATENCY_FRESH_MS);
  return {
    standing: restUntil === undefined ? 'available' : restMs > 0 ? 'cooling_down' : 'half_open',
    restMs,
    lastFailure:
      reason === undefined || failedAt === undefined ? undefined : { reason, agoMs: nowMs - failedAt },
    latencies: Object.fromEntries(fresh.map(({ measure, meanMs }) => [measure, meanMs])),
  };
}
