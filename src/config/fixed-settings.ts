import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ENFORCEMENTS } from '../rate-limiting/domain/limit.js';
import { parseUsd } from '../rate-limiting/domain/money.js';
import { isTimeZone } from '../rate-limiting/domain/period.js';
import { readEncryptionKeys } from './encryption-keys.js';
import {
  anyText,
  isUrl,
  oneOf,
  readBoolean,
  readWhole,
  secretText,
  setting,
  splitList,
  trueOrFalse,
  url,
  wholeNumber,
} from './setting.js';

const DAY_SEC = 86_400;
/** Limits are counted in numbers that must stay exact when many are added up. */
const MOST_TOKENS = 9_000_000_000_000;
const NANO_PER_USD = 1_000_000_000;

const usd = () => setting({ takes: 'US dollars such as 50 or 2.50, 0 for no limit', read: parseUsd });

/** Every variable whose name is fixed, with its default. Those of the providers are in provider-settings.ts. */
export const FixedSettings = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: anyText().default('0.0.0.0'),
  TRUST_PROXY: setting({
    takes: 'true, false, the number of proxies in front, or a list of addresses and CIDRs such as 10.0.0.0/8',
    read: readTrustProxy,
  }).default(false),
  CORS_ORIGINS: setting({
    takes: 'a list of origins such as https://app.example.com, or * for any',
    read: (text) => allOrNone(splitList(text), (origin) => origin === '*' || isOrigin(origin)),
  }).default([]),
  METRICS_TOKEN: secretText(1).optional(),
  SHUTDOWN_GRACE_SEC: wholeNumber(0, 3600).default(25),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),

  DATABASE_URL: url('postgres://user:password@host:5432/cuota', 'postgres:', 'postgresql:').optional(),
  REDIS_URL: setting({
    takes:
      'a URL such as redis://host:6379, or two and more nodes of one cluster: redis://a:6379,redis://b:6379, with the same user, password and protocol and no database number',
    read: (text) => (isRedis(text) ? splitList(text).join(',') : undefined),
    secret: true,
  }).optional(),
  RABBITMQ_URL: url('amqp://user:password@host:5672', 'amqp:', 'amqps:').optional(),
  DATA_DIR: setting({ takes: 'a folder', read: (text) => resolve(text) }).prefault('data'),

  JWT_SECRET: secretText(8).optional(),
  ENCRYPTION_KEY: setting({
    takes:
      '32 bytes as 64 hexadecimal digits or as base64 (`openssl rand -base64 32`), or several as new:<key>,old:<key>',
    read: readEncryptionKeys,
    secret: true,
  }).optional(),
  AUTH_REGISTRATION: oneOf('open', 'closed').default('open'),
  BOOTSTRAP_ADMIN_KEY: secretText(8).optional(),

  RATE_LIMIT_ENABLED: trueOrFalse().default(true),
  RATE_LIMIT_DEFAULT_RATE: wholeNumber(1, 1_000_000).default(60),
  RATE_LIMIT_DEFAULT_BURST: wholeNumber(1, 1_000_000).default(10),
  STORE_FAILURE: oneOf('closed', 'open').default('closed'),
  DATABASE_SILENCE_MS: wholeNumber(50, 60_000).default(200),
  RESERVATION_TTL_SEC: wholeNumber(1, DAY_SEC).default(600),
  QUOTA_TIMEZONE: setting({
    takes: 'an IANA time zone such as Europe/Madrid',
    read: (text) => (isTimeZone(text) ? text : undefined),
  }).default('UTC'),
  QUOTA_WINDOW_DAYS: wholeNumber(1, 366).default(30),
  DEFAULT_DAILY_QUOTA_TOKENS: wholeNumber(0, MOST_TOKENS).default(100_000),
  QUOTA_ENFORCEMENT: oneOf(...ENFORCEMENTS).default('soft'),
  MIN_OUTPUT_TOKENS: wholeNumber(1, 100_000).default(16),

  SESSION_BUDGET_USD: usd().default(5 * NANO_PER_USD),
  SESSION_MAX_MINUTES: wholeNumber(1, 1440).default(30),
  SESSION_MAX_PER_USER: wholeNumber(1, 10_000).default(10),
  TOOL_WEATHER_BASE_URL: url('https://weather.example.com/v1/now', 'http:', 'https:').optional(),
  TOOL_WEATHER_API_KEY: secretText(1).optional(),
  TOOL_WEATHER_PER_HOUR: wholeNumber(1, 1_000_000).default(10),
  TOOL_WEB_SEARCH_BASE_URL: url('https://search.example.com/v1/search', 'http:', 'https:').optional(),
  TOOL_WEB_SEARCH_API_KEY: secretText(1).optional(),
  TOOL_WEB_SEARCH_PER_HOUR: wholeNumber(1, 1_000_000).default(5),
  HOURLY_BUDGET_USD: usd().default(50 * NANO_PER_USD),
  CIRCUIT_BREAKER_USD: usd().default(100 * NANO_PER_USD),
  CIRCUIT_BREAKER_COOLDOWN_SEC: wholeNumber(1, 30 * DAY_SEC).default(3600),

  ROUTING_POLICY: oneOf('primary', 'cost_weighted', 'latency_weighted').default('primary'),
  PROVIDER_ORDER: setting({
    takes: 'a list of provider names such as openai,groq',
    read: (text) => allOrNone(splitList(text.toLowerCase()), (name) => /^[a-z][a-z0-9_]*$/.test(name)),
  }).default([]),
  PROVIDER_COOLDOWN_SEC: wholeNumber(0, DAY_SEC).default(60),
  ROUTING_MAX_ATTEMPTS: wholeNumber(1, 100).default(3),
  ROUTING_PERMIT_WAIT_MS: wholeNumber(0, 600_000).default(5000),
  SIMULATED_VIDEO_MS: wholeNumber(0, 3_600_000).default(3000),
  MESSAGE_MAX_ATTEMPTS: wholeNumber(1, 100).default(5),
  MESSAGE_RETRY_DELAY_MS: wholeNumber(0, 60_000).default(1000),
  MESSAGE_RETENTION_DAYS: wholeNumber(1, 36_500).optional(),
  MESSAGE_MAX_AGE_SEC: wholeNumber(1, 365 * DAY_SEC).default(DAY_SEC),
  WORKERS_IN_SERVER: trueOrFalse().default(true),
  WORKER_PORT: wholeNumber(0, 65_535).optional(),
  WORKERS_MAX_PER_WORKSPACE: wholeNumber(1, 1000).default(64),
  WORKERS_MAX_PER_OWNER: wholeNumber(1, 100_000).default(256),
  WORKER_LEASE_SEC: wholeNumber(1, 600).default(10),
  VIDEO_JOB_TIMEOUT_SEC: wholeNumber(60, DAY_SEC).default(3600),
  HEYGEN_AVATAR_ID: anyText().optional(),
  HEYGEN_VOICE_ID: anyText().optional(),
  PRICES_FILE: setting({ takes: 'a file', read: (text) => resolve(text) }).optional(),
  OPENAI_API_KEY: secretText(1).optional(),
  GEMINI_API_KEY: secretText(1).optional(),
  GROQ_API_KEY: secretText(1).optional(),
  HEYGEN_API_KEY: secretText(1).optional(),

  CLOUDINARY_CLOUD_NAME: anyText().optional(),
  CLOUDINARY_API_KEY: secretText(1).optional(),
  CLOUDINARY_API_SECRET: secretText(1).optional(),
  CLOUDINARY_BASE_URL: url('https://api-eu.cloudinary.com', 'http:', 'https:').optional(),
  MEDIA_FOLDER: anyText().default('cuota'),
  MEDIA_UPLOAD_WAIT_MS: wholeNumber(0, 60_000).default(2000),

  NOTIFICATION_WEBHOOK_URL: url('https://example.com/hooks/quota', 'http:', 'https:').optional(),
  NOTIFICATION_WEBHOOK_SECRET: secretText(16).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http://localhost:4318', 'http:', 'https:').optional(),
  USAGE_RETENTION_MONTHS: wholeNumber(2, 1200).optional(),
});

export type FixedValues = z.output<typeof FixedSettings>;

function readTrustProxy(text: string): boolean | number | string[] | undefined {
  return readBoolean(text) ?? readWhole(text, 0, 100) ?? allOrNone(splitList(text), isAddressOrCidr);
}

function isAddressOrCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || readWhole(prefix, 0, version === 4 ? 32 : 128) !== undefined;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function allOrNone(list: string[], isValid: (text: string) => boolean): string[] | undefined {
  return list.length > 0 && list.every(isValid) ? list : undefined;
}

/** One server, or the nodes of a cluster: those that are found by them have no URL, so that all must be alike. */
function isRedis(text: string): boolean {
  const urls = splitList(text);
  if (urls.length === 0 || !urls.every((url) => isUrl(url, ['redis:', 'rediss:']))) return false;
  if (urls.length === 1) return true;
  const nodes = urls.map((url) => new URL(url));
  const accesses = nodes.map(({ protocol, username, password }) => `${protocol}${username}:${password}`);
  return new Set(accesses).size === 1 && nodes.every(({ pathname }) => ['', '/', '/0'].includes(pathname));
}
