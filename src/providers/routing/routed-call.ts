import { type Operation } from '../../rate-limiting/index.js';
import { type Candidate } from '../provider-registry.js';

/** A call that any of several providers may answer; whatever the operation is. */
export interface RoutedCall<Answer, Route extends Candidate = Candidate> {
  readonly operation: Operation;
  /** Who may answer, in order of preference: one a provider, or one an own key. */
  readonly candidates: readonly Route[];
  /**
   * Makes the call at one of them. What it rejects with a `ProviderError` for is judged; anything else is thrown as it
   * is. For a stream it resolves with the first chunk at hand: after that nobody else is asked.
   */
  readonly run: (route: Route) => Promise<Answer>;
  /** What the call is expected to cost at a candidate, in nano-dollars; by the price table's usual call unless said. */
  readonly costOf?: (route: Route) => number | undefined;
  /** What its latency is compared with; the operation unless said. A stream's first byte is no whole answer. */
  readonly measure?: string;
  /** A provider to be asked first, whatever the policy says. */
  readonly preferred?: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface FailoverOptions {
  /** How many providers are asked at most; `ROUTING_MAX_ATTEMPTS` unless said. One passed over is none. */
  readonly maxAttempts?: number;
}
