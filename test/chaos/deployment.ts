import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { ADMIN_KEY, upstreamOf } from '../support/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startRedis, type TestRedis, type TestRedisOptions } from '../support/redis.js';

/** Short, so that what a dead process left is ended while the test still watches. */
export const RESERVATION_TTL_SEC = 4;

const START_ATTEMPTS = 10;

/** One life of a process: a restart is another one. */
export interface AppLife {
  readonly process: AppProcess;
  /** When it was killed, by `performance.now()`. */
  killedAt?: number;
}

/** Several processes of the built server on one Postgres, one Redis and one provider, each of which can be killed. */
export class ChaosDeployment {
  private lives: (AppLife | undefined)[] = [];
  private readonly ended: AppLife[] = [];
  private readonly failedStarts: string[] = [];

  private constructor(
    readonly postgres: TestPostgres,
    readonly redis: TestRedis,
    readonly emulator: Emulator,
    private readonly dataDir: string,
  ) {}

  static async start(slots: number, redisOptions: TestRedisOptions): Promise<ChaosDeployment> {
    const dataDir = mkdtempSync(join(tmpdir(), 'cuota-chaos-'));
    const stores = [startPostgres(), startRedis(redisOptions), startEmulator()] as const;
    const deployment = new ChaosDeployment(...(await Promise.all(stores)), dataDir);
    await Promise.all(Array.from({ length: slots }, (_, slot) => deployment.startApp(slot)));
    return deployment;
  }

  /** The processes that run now. */
  running(): AppLife[] {
    return this.lives.flatMap((life) => life ?? []);
  }

  admin(life: AppLife): ApiClient {
    return new ApiClient(life.process.url, ADMIN_KEY);
  }

  async killApp(slot: number): Promise<void> {
    const life = this.lives[slot];
    if (!life) return;
    this.lives[slot] = undefined;
    life.killedAt = performance.now();
    this.ended.push(life);
    await life.process.stop('SIGKILL');
  }

  /** As a supervisor does: a start that fails, since a store is down, is tried again. */
  async startApp(slot: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.lives[slot] = { process: await startApp(this.environment()) };
        return;
      } catch (error) {
        this.failedStarts.push(String(error));
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  /** What all processes said, those that were killed too. */
  output(): string {
    const lives = [...this.ended, ...this.running()];
    return [
      ...this.failedStarts,
      ...lives.map(({ process }) => `==== ${process.url}\n${process.output()}`),
    ].join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.running().map(({ process }) => process.stop('SIGKILL')));
    await Promise.all([this.postgres.stop(), this.redis.stop(), this.emulator.stop()]);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private environment(): Record<string, string> {
    return {
      DATA_DIR: this.dataDir,
      DATABASE_URL: this.postgres.url,
      REDIS_URL: this.redis.url,
      // As it is by default: outages are what this is about.
      DATABASE_SILENCE_MS: '200',
      BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
      JWT_SECRET: 'a secret of the tests, long enough to sign with',
      RESERVATION_TTL_SEC: String(RESERVATION_TTL_SEC),
      // One failure that the emulator was told to make must not keep every call after it from being served.
      PROVIDER_COOLDOWN_SEC: '0',
      ...upstreamOf(this.emulator),
    };
  }
}
