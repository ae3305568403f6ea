import { type FixedValues } from './fixed-settings.js';
import { type Settings } from './grouped-settings.js';
import { type ProviderSettings } from './provider-settings.js';

/** The parsed variables in the groups that the rest of the application knows them by. */
export function groupSettings(values: FixedValues, providers: readonly ProviderSettings[]): Settings {
  return { ...serverSettings(values), ...limitSettings(values), ...outsideSettings(values), providers };
}

function serverSettings(values: FixedValues): Pick<Settings, 'http' | 'stores' | 'auth'> {
  return {
    http: {
      port: values.PORT,
      host: values.HOST,
      trustProxy: values.TRUST_PROXY,
      corsOrigins: values.CORS_ORIGINS,
      metricsToken: values.METRICS_TOKEN,
      shutdownGraceSec: values.SHUTDOWN_GRACE_SEC,
      logLevel: values.LOG_LEVEL,
    },
    stores: {
      databaseUrl: values.DATABASE_URL,
      databaseSilenceMs: values.DATABASE_SILENCE_MS,
      redisUrl: values.REDIS_URL,
      rabbitmqUrl: values.RABBITMQ_URL,
      dataDir: values.DATA_DIR,
    },
    auth: {
      jwtSecret: values.JWT_SECRET,
      encryptionKeys: values.ENCRYPTION_KEY ?? [],
      registration: values.AUTH_REGISTRATION,
      bootstrapAdminKey: values.BOOTSTRAP_ADMIN_KEY,
    },
  };
}

function toolSettings(values: FixedValues): Settings['tools'] {
  return {
    weather: {
      baseUrl: values.TOOL_WEATHER_BASE_URL,
      apiKey: values.TOOL_WEATHER_API_KEY,
      perHour: values.TOOL_WEATHER_PER_HOUR,
    },
    web_search: {
      baseUrl: values.TOOL_WEB_SEARCH_BASE_URL,
      apiKey: values.TOOL_WEB_SEARCH_API_KEY,
      perHour: values.TOOL_WEB_SEARCH_PER_HOUR,
    },
  };
}

function limitSettings(values: FixedValues): Pick<Settings, 'rateLimiting' | 'budgets' | 'tools'> {
  return {
    tools: toolSettings(values),
    rateLimiting: {
      enabled: values.RATE_LIMIT_ENABLED,
      defaultRatePerMinute: values.RATE_LIMIT_DEFAULT_RATE,
      defaultBurst: values.RATE_LIMIT_DEFAULT_BURST,
      storeFailure: values.STORE_FAILURE,
      reservationTtlSec: values.RESERVATION_TTL_SEC,
      quotaTimezone: values.QUOTA_TIMEZONE,
      quotaWindowDays: values.QUOTA_WINDOW_DAYS,
      defaultDailyQuotaTokens: values.DEFAULT_DAILY_QUOTA_TOKENS,
      quotaEnforcement: values.QUOTA_ENFORCEMENT,
      minOutputTokens: values.MIN_OUTPUT_TOKENS,
    },
    budgets: {
      sessionNanoUsd: values.SESSION_BUDGET_USD,
      sessionMaxMinutes: values.SESSION_MAX_MINUTES,
      sessionMaxPerUser: values.SESSION_MAX_PER_USER,
      hourlyNanoUsd: values.HOURLY_BUDGET_USD,
      circuitBreakerNanoUsd: values.CIRCUIT_BREAKER_USD,
      circuitBreakerCooldownSec: values.CIRCUIT_BREAKER_COOLDOWN_SEC,
    },
  };
}

type OutsideGroup =
  | 'routing'
  | 'simulated'
  | 'videos'
  | 'messages'
  | 'workers'
  | 'heygen'
  | 'pricing'
  | 'media'
  | 'notifications'
  | 'telemetry'
  | 'retention';

function outsideSettings(values: FixedValues): Pick<Settings, OutsideGroup> {
  return {
    routing: {
      policy: values.ROUTING_POLICY,
      order: values.PROVIDER_ORDER,
      cooldownSec: values.PROVIDER_COOLDOWN_SEC,
      maxAttempts: values.ROUTING_MAX_ATTEMPTS,
      permitWaitMs: values.ROUTING_PERMIT_WAIT_MS,
    },
    simulated: { videoMs: values.SIMULATED_VIDEO_MS },
    videos: { timeoutSec: values.VIDEO_JOB_TIMEOUT_SEC },
    messages: {
      maxAttempts: values.MESSAGE_MAX_ATTEMPTS,
      retryDelayMs: values.MESSAGE_RETRY_DELAY_MS,
      maxAgeSec: values.MESSAGE_MAX_AGE_SEC,
      retentionDays: values.MESSAGE_RETENTION_DAYS,
    },
    workers: {
      inServer: values.WORKERS_IN_SERVER,
      port: values.WORKER_PORT,
      maxPerWorkspace: values.WORKERS_MAX_PER_WORKSPACE,
      maxPerOwner: values.WORKERS_MAX_PER_OWNER,
      leaseSec: values.WORKER_LEASE_SEC,
    },
    heygen: { avatarId: values.HEYGEN_AVATAR_ID, voiceId: values.HEYGEN_VOICE_ID },
    pricing: { file: values.PRICES_FILE },
    media: {
      cloudinary: cloudinaryOf(values),
      folder: values.MEDIA_FOLDER,
      uploadWaitMs: values.MEDIA_UPLOAD_WAIT_MS,
    },
    notifications: { webhook: webhookOf(values) },
    telemetry: { otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT },
    retention: { usageMonths: values.USAGE_RETENTION_MONTHS },
  };
}

function cloudinaryOf(values: FixedValues): Settings['media']['cloudinary'] {
  const { CLOUDINARY_CLOUD_NAME, CLOUDINARY_API_KEY, CLOUDINARY_API_SECRET } = values;
  if (!CLOUDINARY_CLOUD_NAME || !CLOUDINARY_API_KEY || !CLOUDINARY_API_SECRET) return undefined;
  const [cloudName, apiKey, apiSecret] = [CLOUDINARY_CLOUD_NAME, CLOUDINARY_API_KEY, CLOUDINARY_API_SECRET];
  return { cloudName, apiKey, apiSecret, baseUrl: values.CLOUDINARY_BASE_URL };
}

function webhookOf(values: FixedValues): Settings['notifications']['webhook'] {
  const { NOTIFICATION_WEBHOOK_URL: url, NOTIFICATION_WEBHOOK_SECRET: secret } = values;
  return url === undefined || secret === undefined ? undefined : { url, secret };
}
