import { type SystemMaxima } from './domain/system-budgets.js';
import { type RollingDefaults } from './limits/rolling-limits.js';
import { type SessionTerms } from './limits/session-limit.js';

/** How the heart behaves. */
export interface RateLimitingOptions {
  /** False: nothing is checked, the ledger is still written. */
  readonly enabled: boolean;
  /** What a call gets while the counters cannot be reached: `closed` a 503, `open` its way. */
  readonly storeFailure: 'closed' | 'open';
  /** How long a reservation lives until it is settled for its owner. */
  readonly reservationTtlMs: number;
  /** The zone of days that no user's own zone applies to. */
  readonly timeZone: string;
  /** Of workspaces and workflows without a RateLimit; they are unlimited where it is left out. */
  readonly rolling?: RollingDefaults;
  /** What all callers together may spend; unlimited where it is left out. */
  readonly budgets?: SystemMaxima & {
    /** How long after it opened the circuit breaker closes by itself. */
    readonly breakerCooldownMs: number;
  };
  /** Of realtime sessions; their calls are held to no limit of their own where it is left out. */
  readonly session?: SessionTerms;
  /** This process looks at the counters and has them read anew, but holds no call: nobody is to wait for it. */
  readonly observing?: boolean;
}

export const RATE_LIMITING_OPTIONS = Symbol('RATE_LIMITING_OPTIONS');
