import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { FixedSettings } from './fixed-settings.js';
import { PROVIDER_FIELDS } from './provider-settings.js';
import { readSettings, type Settings } from './settings.js';

function settingsOf(environment: Record<string, string>): Settings {
  const read = readSettings(environment);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  return read.settings;
}

function faultsOf(environment: Record<string, string>): readonly string[] {
  const read = readSettings(environment);
  return 'faults' in read ? read.faults : [];
}

describe('readSettings', () => {
  it('gives every default', () => {
    expect(settingsOf({})).toEqual({
      http: {
        port: 3000,
        host: '0.0.0.0',
        trustProxy: false,
        corsOrigins: [],
        shutdownGraceSec: 25,
        logLevel: 'info',
      },
      stores: { dataDir: resolve('data'), databaseSilenceMs: 200 },
      auth: { encryptionKeys: [], registration: 'open' },
      rateLimiting: {
        enabled: true,
        defaultRatePerMinute: 60,
        defaultBurst: 10,
        storeFailure: 'closed',
        reservationTtlSec: 600,
        quotaTimezone: 'UTC',
        quotaWindowDays: 30,
        defaultDailyQuotaTokens: 100_000,
        quotaEnforcement: 'soft',
        minOutputTokens: 16,
      },
      budgets: {
        sessionNanoUsd: 5_000_000_000,
        sessionMaxMinutes: 30,
        sessionMaxPerUser: 10,
        hourlyNanoUsd: 50_000_000_000,
        circuitBreakerNanoUsd: 100_000_000_000,
        circuitBreakerCooldownSec: 3600,
      },
      tools: { weather: { perHour: 10 }, web_search: { perHour: 5 } },
      routing: { policy: 'primary', order: [], cooldownSec: 60, maxAttempts: 3, permitWaitMs: 5000 },
      providers: [],
      media: { folder: 'cuota', uploadWaitMs: 2000 },
      notifications: {},
      simulated: { videoMs: 3000 },
      videos: { timeoutSec: 3600 },
      messages: { maxAttempts: 5, retryDelayMs: 1000, maxAgeSec: 86_400 },
      workers: { inServer: true, maxPerWorkspace: 64, maxPerOwner: 256, leaseSec: 10 },
      heygen: {},
      pricing: {},
      telemetry: {},
      retention: {},
    });
  });

  it('takes an empty or blank value for an unset one', () => {
    expect(settingsOf({ PORT: '', JWT_SECRET: ' ', PROVIDER_OPENAI_API_KEY: '', HOST: ' ::1 ' })).toEqual({
      ...settingsOf({}),
      http: { ...settingsOf({}).http, host: '::1' },
    });
  });

  it.each([
    ['true', true],
    ['FALSE', false],
    ['2', 2],
    ['127.0.0.1, 10.0.0.0/8,::1', ['127.0.0.1', '10.0.0.0/8', '::1']],
  ])('TRUST_PROXY=%s', (text, expected) => {
    expect(settingsOf({ TRUST_PROXY: text }).http.trustProxy).toEqual(expected);
  });

  it('reads lists, money and paths', () => {
    const settings = settingsOf({
      CORS_ORIGINS: 'https://a.example, http://localhost:5173',
      SESSION_BUDGET_USD: '0.25',
      HOURLY_BUDGET_USD: '0',
      DATA_DIR: '/var/lib/cuota',
      QUOTA_TIMEZONE: 'Europe/Madrid',
    });
    expect(settings.http.corsOrigins).toEqual(['https://a.example', 'http://localhost:5173']);
    expect(settings.budgets).toMatchObject({ sessionNanoUsd: 250_000_000, hourlyNanoUsd: 0 });
    expect(settings.stores.dataDir).toBe('/var/lib/cuota');
    expect(settings.rateLimiting.quotaTimezone).toBe('Europe/Madrid');
  });

  it.each([
    ['PORT', '70000', 'PORT: "70000" is not valid; it takes a whole number from 0 to 65535'],
    [
      'TRUST_PROXY',
      '10.0.0.0/33',
      /^TRUST_PROXY: "10.0.0.0\/33" is not valid; it takes true, false, the number/,
    ],
    ['CORS_ORIGINS', 'https://a.example/path', /^CORS_ORIGINS: .* a list of origins/],
    ['CORS_ORIGINS', '*.example.com', /^CORS_ORIGINS: .* is not valid/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL: "loud" is not valid; it takes one of fatal, error/],
    [
      'DATABASE_URL',
      'mysql://u:secret@host/db',
      /^DATABASE_URL: its value is not valid; it takes a URL such as postgres/,
    ],
    [
      'REDIS_URL',
      'redis://a:1,redis://:secret@b:2',
      /^REDIS_URL: its value is not valid; it takes a URL such as redis/,
    ],
    ['RABBITMQ_URL', 'http://host', /^RABBITMQ_URL: its value is not valid/],
    ['JWT_SECRET', 'short', 'JWT_SECRET: its value is not valid; it takes at least 8 characters'],
    ['ENCRYPTION_KEY', 'abc', /^ENCRYPTION_KEY: its value is not valid; it takes 32 bytes/],
    ['AUTH_REGISTRATION', 'maybe', 'AUTH_REGISTRATION: "maybe" is not valid; it takes one of open, closed'],
    [
      'BOOTSTRAP_ADMIN_KEY',
      'cuota_',
      'BOOTSTRAP_ADMIN_KEY: its value is not valid; it takes at least 8 characters',
    ],
    ['RATE_LIMIT_ENABLED', 'yes', 'RATE_LIMIT_ENABLED: "yes" is not valid; it takes true or false'],
    ['RATE_LIMIT_DEFAULT_RATE', '0', /^RATE_LIMIT_DEFAULT_RATE: "0" is not valid/],
    ['RATE_LIMIT_DEFAULT_BURST', '1.5', /^RATE_LIMIT_DEFAULT_BURST: "1.5" is not valid/],
    ['STORE_FAILURE', 'ajar', /^STORE_FAILURE: .* one of closed, open$/],
    ['RESERVATION_TTL_SEC', '0', /^RESERVATION_TTL_SEC: /],
    [
      'QUOTA_TIMEZONE',
      'Mars/Olympus',
      'QUOTA_TIMEZONE: "Mars/Olympus" is not valid; it takes an IANA time zone such as Europe/Madrid',
    ],
    ['QUOTA_WINDOW_DAYS', '-1', /^QUOTA_WINDOW_DAYS: /],
    ['DEFAULT_DAILY_QUOTA_TOKENS', '1e9', /^DEFAULT_DAILY_QUOTA_TOKENS: /],
    ['QUOTA_ENFORCEMENT', 'strict', /^QUOTA_ENFORCEMENT: .* one of hard, soft, shadow$/],
    ['MIN_OUTPUT_TOKENS', '0', /^MIN_OUTPUT_TOKENS: /],
    ['SESSION_BUDGET_USD', '-5', /^SESSION_BUDGET_USD: "-5" is not valid; it takes US dollars/],
    ['SESSION_MAX_MINUTES', '0', /^SESSION_MAX_MINUTES: /],
    ['HOURLY_BUDGET_USD', '5 USD', /^HOURLY_BUDGET_USD: /],
    ['CIRCUIT_BREAKER_USD', '1e2', /^CIRCUIT_BREAKER_USD: /],
    ['CIRCUIT_BREAKER_COOLDOWN_SEC', 'x', /^CIRCUIT_BREAKER_COOLDOWN_SEC: /],
    ['ROUTING_POLICY', 'random', /^ROUTING_POLICY: .* one of primary, cost_weighted, latency_weighted$/],
    [
      'PROVIDER_ORDER',
      'opnai',
      'PROVIDER_ORDER: there is no provider "opnai"; it takes names that are configured',
    ],
    ['PROVIDER_COOLDOWN_SEC', 'soon', /^PROVIDER_COOLDOWN_SEC: /],
    [
      'PROVIDER_OPENAI_RATE_PER_SEC',
      '0',
      /^PROVIDER_OPENAI_RATE_PER_SEC: "0" is not valid; it takes a number above 0/,
    ],
    ['PROVIDER_OPENAI_TIMEOUT_MS', '1', /^PROVIDER_OPENAI_TIMEOUT_MS: /],
    [
      'PROVIDER_OPENAI_MODELS',
      'a,b=',
      /^PROVIDER_OPENAI_MODELS: "a,b=" is not valid; it takes a list of models/,
    ],
    ['PROVIDER_OPENAI_MODELS', 'fast=a,fast=b', /^PROVIDER_OPENAI_MODELS: /],
    ['PROVIDER_GEMINI_REALTIME_MODELS', 'a', /^PROVIDER_GEMINI_REALTIME_MODELS: gemini holds no realtime/],
    ['PROVIDER_OPENAI_BASE_URL', 'ftp://x', /^PROVIDER_OPENAI_BASE_URL: its value is not valid/],
    ['PROVIDER_OPENAI_KIND', 'groq', /^PROVIDER_OPENAI_KIND: openai is always of its own kind/],
    [
      'PROVIDER_OPENAI_APIKEY',
      'sk-secret',
      /^PROVIDER_OPENAI_APIKEY: no such setting; it takes PROVIDER_<NAME>_ and one of KIND, API_KEY/,
    ],
    [
      'PROVIDER_XAI_API_KEY',
      'sk-secret',
      'PROVIDER_XAI_KIND: not known for "xai"; it takes openai_compatible',
    ],
    ['PROVIDER_XAI_KIND', 'openai_compatible', /^PROVIDER_XAI_BASE_URL: not set; it takes a URL/],
    ['PROVIDER_SIMULATED_API_KEY', 'x', /^PROVIDER_SIMULATED_\*: the name simulated is taken/],
    ['NOTIFICATION_WEBHOOK_SECRET', 'short', /^NOTIFICATION_WEBHOOK_SECRET: its value is not valid/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318', /^OTEL_EXPORTER_OTLP_ENDPOINT: /],
    [
      'USAGE_RETENTION_MONTHS',
      '1',
      /^USAGE_RETENTION_MONTHS: "1" is not valid; it takes a whole number from 2 to 1200/,
    ],
  ])('%s=%s is one fault', (name, value, expected) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
    expect(faults[0]).not.toContain('secret@');
    expect(faults[0]).not.toContain('sk-secret');
  });

  it('asks for all of Cloudinary or nothing', () => {
    expect(faultsOf({ CLOUDINARY_CLOUD_NAME: 'c', CLOUDINARY_API_KEY: 'k' })).toEqual([
      'CLOUDINARY_API_SECRET: not set; it takes a value when the other CLOUDINARY_ settings have one',
    ]);
    const all = { CLOUDINARY_CLOUD_NAME: 'c', CLOUDINARY_API_KEY: 'k', CLOUDINARY_API_SECRET: 's' };
    expect(settingsOf(all).media.cloudinary).toEqual({
      ...{ cloudName: 'c', apiKey: 'k', apiSecret: 's' },
      baseUrl: undefined,
    });
  });

  it('does not start with a webhook that it could not sign for', () => {
    const NOTIFICATION_WEBHOOK_URL = 'https://example.com/hooks';
    expect(faultsOf({ NOTIFICATION_WEBHOOK_URL })).toEqual([
      expect.stringMatching(/^NOTIFICATION_WEBHOOK_SECRET: not set; it takes at least 16 characters/),
    ]);
    const secret = 'long enough to sign';
    const { notifications } = settingsOf({ NOTIFICATION_WEBHOOK_URL, NOTIFICATION_WEBHOOK_SECRET: secret });
    expect(notifications).toEqual({ webhook: { url: NOTIFICATION_WEBHOOK_URL, secret } });
  });

  it('takes no provider for unknown whose own settings are at fault', () => {
    const faults = faultsOf({ PROVIDER_ORDER: 'xai,opnai', PROVIDER_XAI_API_KEY: 'x' });
    expect(faults).toEqual([
      expect.stringMatching(/^PROVIDER_XAI_KIND: /),
      expect.stringMatching(/^PROVIDER_ORDER: there is no provider "opnai"/),
    ]);
  });

  it('lists every fault at once', () => {
    const faults = faultsOf({
      PORT: 'x',
      LOG_LEVEL: 'x',
      PROVIDER_XAI_API_KEY: 'x',
      PROVIDER_GROQ_TIMEOUT_MS: 'x',
      PROVIDER_ORDER: 'opnai',
      CLOUDINARY_CLOUD_NAME: 'c',
      CLOUDINARY_API_KEY: 'k',
      NOTIFICATION_WEBHOOK_URL: 'no url',
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'PORT',
      'LOG_LEVEL',
      'NOTIFICATION_WEBHOOK_URL',
      'PROVIDER_XAI_KIND',
      'PROVIDER_GROQ_TIMEOUT_MS',
      'PROVIDER_ORDER',
      'CLOUDINARY_API_SECRET',
      'NOTIFICATION_WEBHOOK_SECRET',
    ]);
  });
});

describe('providers', () => {
  it('reads a known one with all it takes', () => {
    const { providers } = settingsOf({
      PROVIDER_GROQ_API_KEY: 'gsk',
      PROVIDER_GROQ_BASE_URL: 'http://localhost:9/v1',
      PROVIDER_GROQ_RATE_PER_SEC: '0.5',
      PROVIDER_GROQ_TIMEOUT_MS: '5000',
      PROVIDER_GROQ_MODELS: 'llama-3.3-70b, fast=llama-3.1-8b',
      PROVIDER_GROQ_REALTIME_MODELS: 'voice=speaker-1',
    });
    expect(providers).toEqual([
      {
        name: 'groq',
        kind: 'groq',
        apiKey: 'gsk',
        baseUrl: 'http://localhost:9/v1',
        ratePerSec: 0.5,
        timeoutMs: 5000,
        models: [{ name: 'llama-3.3-70b' }, { name: 'llama-3.1-8b', alias: 'fast' }],
        realtimeModels: [{ name: 'speaker-1', alias: 'voice' }],
      },
    ]);
  });

  it('takes a key under its usual name, and the longer name first', () => {
    const [openai, gemini] = settingsOf({
      OPENAI_API_KEY: 'short',
      PROVIDER_OPENAI_API_KEY: 'long',
      GEMINI_API_KEY: 'g',
    }).providers;
    expect(openai).toMatchObject({ name: 'openai', apiKey: 'long', timeoutMs: 60_000, models: [] });
    expect(gemini).toMatchObject({ name: 'gemini', apiKey: 'g' });
  });

  it('leaves out a known one that is prepared but has neither key nor address', () => {
    expect(settingsOf({ PROVIDER_OPENAI_RATE_PER_SEC: '20' }).providers).toEqual([]);
  });

  it('takes further names with underscores, without a key, and in the order', () => {
    const { providers, routing } = settingsOf({
      PROVIDER_MY_OWN_KIND: 'openai_compatible',
      PROVIDER_MY_OWN_BASE_URL: 'http://localhost:11434/v1',
      PROVIDER_ORDER: 'MY_OWN,openai',
    });
    expect(providers).toEqual([
      {
        name: 'my_own',
        kind: 'openai_compatible',
        baseUrl: 'http://localhost:11434/v1',
        timeoutMs: 60_000,
        models: [],
      },
    ]);
    expect(routing.order).toEqual(['my_own', 'openai']);
  });
});

describe('.env.example', () => {
  const text = readFileSync(join(__dirname, '..', '..', '.env.example'), 'utf8');
  const shown = text.split('\n').flatMap((line) => /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? []);

  it('shows every setting once', () => {
    const known = [
      ...Object.keys(FixedSettings.shape),
      ...PROVIDER_FIELDS.map((field) => `PROVIDER_OPENAI_${field}`),
    ];
    const expected = known.filter((name) => name !== 'PROVIDER_OPENAI_KIND');
    expect(shown.filter((name) => !name.startsWith('PROVIDER_LOCAL_')).sort()).toEqual(expected.sort());
    expect(shown).toContain('PROVIDER_LOCAL_KIND');
  });

  it('explains every setting', () => {
    const lines = text.split('\n');
    const bare = lines.filter((line, at) => /^(# )?[A-Z]\w*=/.test(line) && lines[at - 1] === '');
    expect(bare).toEqual([]);
  });

  it('is the defaults when copied as it is', () => {
    expect(readSettings(parse(text))).toEqual(readSettings({}));
  });

  it('holds valid examples only', () => {
    expect(faultsOf(parse(text.replaceAll(/^# ([A-Z]\w*=)/gm, '$1')))).toEqual([]);
  });

  function parse(content: string): Record<string, string> {
    const parsed: Record<string, string> = {};
    for (const [name, value] of Object.entries(parseEnv(content))) parsed[name] = value ?? '';
    return parsed;
  }
});
