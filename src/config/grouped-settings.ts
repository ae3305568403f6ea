import { type EncryptionKey } from './encryption-keys.js';
import { type FixedValues } from './fixed-settings.js';
import { type ProviderSettings } from './provider-settings.js';

/** One tool that the server runs itself. */
interface ToolSettings {
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  /** For each caller. */
  readonly perHour: number;
}

/** What the environment says, read once at start. Money is in integer nano-dollars; where a limit is 0 there is none. */
export interface Settings {
  readonly http: {
    readonly port: number;
    readonly host: string;
    /** Fastify's: a number is how many proxies stand in front. */
    readonly trustProxy: boolean | number | string[];
    /** Empty: no other origin may call from a browser. */
    readonly corsOrigins: readonly string[];
    readonly metricsToken?: string | undefined;
    /** How long calls in flight may still run when the process is asked to stop. */
    readonly shutdownGraceSec: number;
    readonly logLevel: FixedValues['LOG_LEVEL'];
  };
  readonly stores: {
    /** Unset: the embedded PostgreSQL. */
    readonly databaseUrl?: string | undefined;
    /** How long PostgreSQL may say nothing to a call that waits for it. */
    readonly databaseSilenceMs: number;
    /** Unset: counters in memory. */
    readonly redisUrl?: string | undefined;
    readonly rabbitmqUrl?: string | undefined;
    /** Absolute. */
    readonly dataDir: string;
  };
  readonly auth: {
    readonly jwtSecret?: string | undefined;
    /** The first encrypts provider keys, all decrypt them. Empty: none is set. */
    readonly encryptionKeys: readonly EncryptionKey[];
    readonly registration: 'open' | 'closed';
    readonly bootstrapAdminKey?: string | undefined;
  };
  readonly rateLimiting: {
    readonly enabled: boolean;
    readonly defaultRatePerMinute: number;
    readonly defaultBurst: number;
    readonly storeFailure: 'closed' | 'open';
    readonly reservationTtlSec: number;
    readonly quotaTimezone: string;
    readonly quotaWindowDays: number;
    readonly defaultDailyQuotaTokens: number;
    readonly quotaEnforcement: FixedValues['QUOTA_ENFORCEMENT'];
    readonly minOutputTokens: number;
  };
  readonly budgets: {
    readonly sessionNanoUsd: number;
    readonly sessionMaxMinutes: number;
    /** Open at once on one instance. */
    readonly sessionMaxPerUser: number;
    readonly hourlyNanoUsd: number;
    readonly circuitBreakerNanoUsd: number;
    readonly circuitBreakerCooldownSec: number;
  };
  /** What models in sessions may use; a tool without an address is not offered. */
  readonly tools: Readonly<Record<'weather' | 'web_search', ToolSettings>>;
  readonly routing: {
    readonly policy: FixedValues['ROUTING_POLICY'];
    /** Provider names, lower case; empty: as configured. */
    readonly order: readonly string[];
    readonly cooldownSec: number;
    /** How many providers a call is sent to at most. */
    readonly maxAttempts: number;
    /** How long a call may wait for its providers' permits. */
    readonly permitWaitMs: number;
  };
  readonly providers: readonly ProviderSettings[];
  readonly simulated: {
    /** How long a simulated video takes. */
    readonly videoMs: number;
  };
  readonly videos: {
    /** After which a video that is not done has failed. */
    readonly timeoutSec: number;
  };
  readonly messages: {
    /** After how many tries a message has failed. */
    readonly maxAttempts: number;
    /** Between the first try and the second; doubled with each. */
    readonly retryDelayMs: number;
    /** A message that has waited so long for its turn does not wait any more. */
    readonly maxAgeSec: number;
    /** Days after its end; unset: for ever. */
    readonly retentionDays?: number | undefined;
  };
  readonly workers: {
    /** Whether the server runs workers itself. */
    readonly inServer: boolean;
    /** Where a worker process tells of itself. Unset: nowhere. */
    readonly port?: number | undefined;
    readonly maxPerWorkspace: number;
    /** In all workspaces of one owner together. */
    readonly maxPerOwner: number;
    /** After so long without a word a process is taken for dead, and its workers and messages are others'. */
    readonly leaseSec: number;
  };
  /** Who speaks where a call does not say; unset: the first of the account. */
  readonly heygen: { readonly avatarId?: string | undefined; readonly voiceId?: string | undefined };
  /** Unset: our own prices only. Absolute. */
  readonly pricing: { readonly file?: string | undefined };
  readonly media: {
    /** Unset: the local disk. */
    readonly cloudinary?:
      | {
          readonly cloudName: string;
          readonly apiKey: string;
          readonly apiSecret: string;
          /** Unset: Cloudinary's own addresses. */
          readonly baseUrl?: string | undefined;
        }
      | undefined;
    readonly folder: string;
    /** How long an answer waits at most until its output is in Cloudinary. */
    readonly uploadWaitMs: number;
  };
  readonly notifications: {
    /** Unset: a row and a log line are all. What it is told is always signed. */
    readonly webhook?: { readonly url: string; readonly secret: string } | undefined;
  };
  readonly telemetry: { readonly otlpEndpoint?: string | undefined };
  /** Unset: usage is kept for ever. */
  readonly retention: { readonly usageMonths?: number | undefined };
}
