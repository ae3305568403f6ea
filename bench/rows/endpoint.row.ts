import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '../../test/support/postgres.js';
import { startRedis } from '../../test/support/redis.js';
import { AppUnderLoad, type Load } from '../app-under-load.js';
import { type Figure } from '../figures.js';
import { type OpenRow, type Pace, type Row } from '../row.js';

const WARM_UP_REQUESTS = 20_000;

interface Apps {
  readonly guarded: AppUnderLoad;
  readonly fastify: AppUnderLoad;
  readonly express: AppUnderLoad;
  readonly throttled: AppUnderLoad;
}

/** A guarded endpoint, with everything that guards it, against the same endpoint bare and throttled. */
export const endpointRow: Row = {
  letter: 'b',
  title: 'a guarded endpoint',
  async open({ quick }: Pace): Promise<OpenRow> {
    const [postgres, redis, theirRedis] = await Promise.all([
      startPostgres({ fsync: true }),
      startRedis(),
      startRedis(),
    ]);
    const dataDir = mkdtempSync(join(tmpdir(), 'cuota-bench-'));
    const env = {
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      BOOTSTRAP_ADMIN_KEY: 'cuota_admin_key_of_the_bench',
      JWT_SECRET: 'a secret of the bench, long enough to sign with',
      // Counted like everybody's, and never met.
      HOURLY_BUDGET_USD: '900000',
      CIRCUIT_BREAKER_USD: '900000',
      // The others write no line a request either.
      LOG_LEVEL: 'error',
    };
    const apps: Apps = {
      guarded: await AppUnderLoad.start('apps/guarded.ts', env),
      fastify: await AppUnderLoad.start('apps/bare-fastify.ts'),
      express: await AppUnderLoad.start('apps/bare-express.ts'),
      throttled: await AppUnderLoad.start('apps/throttled.ts', { REDIS_URL: theirRedis.url }),
    };
    const all = [apps.guarded, apps.fastify, apps.express, apps.throttled];
    for (const app of all) await app.warmUp(quick ? 100 : WARM_UP_REQUESTS);
    return {
      round: () => measure(apps, quick ? 1 : 4),
      async close() {
        for (const app of all) app.stop();
        await Promise.all([postgres.stop(), redis.stop(), theirRedis.stop()]);
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  },
};

async function measure(apps: Apps, seconds: number): Promise<Figure[]> {
  const fastify = await apps.fastify.load(seconds);
  const guarded = await apps.guarded.load(seconds);
  const throttled = await apps.throttled.load(seconds);
  const express = await apps.express.load(seconds);
  return [
    ...plain('guarded', guarded),
    ...plain('bare on Fastify', fastify),
    ...plain('bare on Express', express),
    ...plain('@nestjs/throttler, three on Redis', throttled),
    {
      name: 'guarded ÷ bare on Fastify, requests a second',
      value: guarded.perSecond / fastify.perSecond,
      target: { atLeast: 0.2 },
    },
    {
      name: 'guarded ÷ bare on Express, requests a second',
      value: guarded.perSecond / express.perSecond,
      target: { atLeast: 0.75 },
    },
    {
      name: 'guarded ÷ @nestjs/throttler, app CPU a request',
      value: guarded.cpuMicrosPerRequest / throttled.cpuMicrosPerRequest,
      target: { atMost: 1 },
    },
  ];
}

function plain(name: string, load: Load): Figure[] {
  return [
    { name: `${name}, requests a second`, value: load.perSecond },
    { name: `${name}, app CPU a request in µs`, value: load.cpuMicrosPerRequest },
  ];
}
