import { readSettings, type Settings } from '../config/index.js';
import { type Clock, type PlanDirectory, type RateLimitingOptions } from '../rate-limiting/index.js';

import { type LimitsOf } from './host-limits.js';

/** What a host says of the heart that it takes in. What is left out is as in `.env.example`. */
export interface HostOptions {
  /** A PostgreSQL 15 or newer; all of Cuota's tables are made in it. Without it an embedded one, on `dataDir`. */
  readonly databaseUrl?: string | undefined;
  /** Counters in Redis, which several processes need; without it in this process's memory. */
  readonly redisUrl?: string | undefined;
  /** The folder of the embedded PostgreSQL. */
  readonly dataDir?: string | undefined;
  /** The zone in which months turn, where a user has none of its own: `Europe/Madrid`. */
  readonly timeZone?: string | undefined;
  /** What a call gets while the counters cannot be reached. */
  readonly storeFailure?: 'closed' | 'open';
  /** How long a call may run until it is settled for its owner. */
  readonly reservationTtlSec?: number;
  /** False: nothing is checked, the ledger is still written. */
  readonly enabled?: boolean;
  /** The rolling quota of workspaces and workflows; without it they have none. */
  readonly rolling?: NonNullable<RateLimitingOptions['rolling']>;
  /** What all callers together may spend in a clock hour, and until the circuit breaker opens; without it all they want. */
  readonly budgets?: NonNullable<RateLimitingOptions['budgets']>;
  /** What each user may use: asked for by id, or a directory that knows more. */
  readonly limits: LimitsOf | PlanDirectory;
  /** Another source of time, for tests. */
  readonly clock?: Clock;
}

/**
 * The settings of the stores, checked as those of the environment are.
 * @throws Error that lists every fault, each under its setting's name in `.env.example`
 */
export function settingsOf(options: HostOptions): Settings {
  const { databaseUrl, redisUrl, dataDir, timeZone, storeFailure, reservationTtlSec, enabled } = options;
  const read = readSettings({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    DATA_DIR: dataDir,
    QUOTA_TIMEZONE: timeZone,
    STORE_FAILURE: storeFailure,
    RESERVATION_TTL_SEC: reservationTtlSec?.toString(),
    RATE_LIMIT_ENABLED: enabled?.toString(),
  });
  if ('settings' in read) return read.settings;
  throw new Error(`RateLimitingModule.forRoot cannot work with its options: ${read.faults.join('; ')}`);
}
