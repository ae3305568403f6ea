import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type NestFastifyApplication } from '@nestjs/platform-fastify';

import { readSettings } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';
import { FrozenClock } from '../../src/rate-limiting/index.js';

import { ApiClient } from './api-client.js';
import { type Emulator, startEmulator } from './emulator/emulator.js';
import { PATIENT, startPostgres, type TestPostgres } from './postgres.js';
import { startRedis, type TestRedis } from './redis.js';

export const ADMIN_KEY = 'cuota_admin_key_of_the_tests';

/** The moment at which a frozen clock stands unless a test moves it. */
export const NOW = '2026-11-21T12:00:00Z';

export interface HarnessOptions {
  /** Counters in a private Redis, else in memory. */
  readonly redis?: boolean;
  /** Or in a Redis that runs already. */
  readonly redisUrl?: string;
  /** An emulated OpenAI-compatible upstream under this provider's name, else the provider `simulated`. */
  readonly upstream?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** The whole application on real servers of its own. */
export interface Harness {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly clock: FrozenClock;
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  readonly redis: TestRedis | undefined;
  readonly emulator: Emulator;
  /** Everything that was logged. */
  readonly log: string[];
  readonly admin: ApiClient;
  /** A new user of a plan, with an API key and limits of its own. */
  newUser(limits?: Record<string, unknown>, planId?: string): Promise<TestUser>;
  /** The environment that makes another process part of the same deployment. */
  environment(): Record<string, string>;
  stop(): Promise<void>;
}

export interface TestUser {
  readonly id: string;
  readonly keyId: string;
  readonly key: string;
  readonly api: ApiClient;
}

/** Starts one. A second or so: start it once a file. */
export async function newHarness(options: HarnessOptions = {}): Promise<Harness> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cuota-test-'));
  const [postgres, redis, emulator] = await Promise.all([
    startPostgres(),
    options.redis ? startRedis() : undefined,
    startEmulator(),
  ]);
  const redisUrl = redis?.url ?? options.redisUrl;
  const env: Record<string, string> = {
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: postgres.url,
    ...PATIENT,
    BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
    JWT_SECRET: 'a secret of the tests, long enough to sign with',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...(options.upstream ? upstreamOf(emulator) : {}),
    ...options.env,
  };
  // Redis has its own clock: what is kept until some time in this month must not lie in its past.
  const clock = new FrozenClock(redisUrl !== undefined ? Date.now() : Date.parse(NOW));
  const log: string[] = [];
  const app = await createApp(settingsOf(env), { clock, log: { write: (line) => log.push(line) } });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const admin = new ApiClient(url, ADMIN_KEY);
  await admin.post('/admin/plans', WIDE_OPEN);

  return {
    app,
    url,
    clock,
    postgres,
    databaseUrl: postgres.url,
    redis,
    emulator,
    log,
    admin,
    newUser: (limits, planId) => newUser(admin, limits, planId),
    environment: () => env,
    async stop() {
      await app.close();
      await Promise.all([postgres.stop(), redis?.stop(), emulator.stop()]);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A provider that speaks OpenAI's protocol at the emulator. */
export function upstreamOf(emulator: Emulator): Record<string, string> {
  return {
    PROVIDER_UPSTREAM_KIND: 'openai_compatible',
    PROVIDER_UPSTREAM_BASE_URL: `${emulator.url}/v1`,
    PROVIDER_UPSTREAM_API_KEY: 'sk-upstream-secret',
    PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,text-embedding-3-small,gpt-image-1,dall-e-3,small=gpt-4o-mini',
  };
}

/** A further provider that speaks OpenAI's protocol, `models` as in its setting; `more` are its other settings. */
export function providerAt(
  name: string,
  { url }: { readonly url: string },
  { models, more = {} }: { readonly models: string; readonly more?: Readonly<Record<string, string>> },
): Record<string, string> {
  const settings = {
    KIND: 'openai_compatible',
    BASE_URL: `${url}/v1`,
    API_KEY: `sk-${name}-secret`,
    MODELS: models,
  };
  const own = Object.entries({ ...settings, ...more });
  return Object.fromEntries(own.map(([field, value]) => [`PROVIDER_${name.toUpperCase()}_${field}`, value]));
}

/** A plan without limits, and with an endpoint rate that no test meets by accident. */
export const WIDE_OPEN = { id: 'wide-open', name: 'Wide open', requestsPerMinute: 1_000_000, burst: 100_000 };

let users = 0;

/** A user made over the API by an admin, with an API key and limits of its own. */
export async function newUser(
  admin: ApiClient,
  limits?: Record<string, unknown>,
  planId = WIDE_OPEN.id,
): Promise<TestUser> {
  const email = `user${++users}-${process.pid}@example.com`;
  const user = await admin.post('/admin/users', { email, planId });
  const key = await admin.post(`/admin/users/${user.body.id}/api-keys`, { name: 'test' });
  if (limits) await admin.put(`/admin/limits/users/${user.body.id}`, limits);
  return {
    id: String(user.body.id),
    keyId: String(key.body.id),
    key: String(key.body.key),
    api: new ApiClient(admin.url, String(key.body.key)),
  };
}

function settingsOf(env: Record<string, string>) {
  const read = readSettings(env);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  return read.settings;
}
