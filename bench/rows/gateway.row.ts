import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startPostgres } from '../../test/support/postgres.js';
import { startRedis } from '../../test/support/redis.js';
import { AppUnderLoad, type Load } from '../app-under-load.js';
import { type Figure } from '../figures.js';
import { type OpenRow, type Pace, type Row } from '../row.js';

const WARM_UP_REQUESTS = 5_000;
const PORTKEY = join(__dirname, '..', 'portkey');
const CHAT = { path: '/v1/chat/completions' };
const BODY = {
  model: 'gpt-4o-mini',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say that it is done, in one word.' }],
};

const run = promisify(execFile);

/** Our `/v1/chat/completions`, limits and ledger and all, against a gateway that has no limits, to one upstream. */
export const gatewayRow: Row = {
  letter: 'b',
  title: 'a chat through a gateway',
  async open({ quick }: Pace): Promise<OpenRow> {
    await installPortkey();
    const [postgres, redis, upstream] = await Promise.all([
      startPostgres({ fsync: true }),
      startRedis(),
      AppUnderLoad.start('apps/upstream.ts'),
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
      LOG_LEVEL: 'error',
      PROVIDER_OPENAI_API_KEY: 'sk-bench',
      PROVIDER_OPENAI_BASE_URL: `${upstream.url}/v1`,
    };
    const headers = {
      authorization: 'Bearer sk-bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream.url}/v1`,
    };
    const ours = await AppUnderLoad.start('apps/whole.ts', env, { ...CHAT, body: BODY });
    const portkey = await AppUnderLoad.start('portkey/gateway.mjs', {}, { ...CHAT, body: BODY, headers });
    for (const app of [ours, portkey]) await app.warmUp(quick ? 100 : WARM_UP_REQUESTS);
    return {
      round: async () => figuresOf(await ours.load(quick ? 1 : 4), await portkey.load(quick ? 1 : 4)),
      async close() {
        for (const app of [ours, portkey, upstream]) app.stop();
        await Promise.all([postgres.stop(), redis.stop()]);
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  },
};

/** A folder of its own: nobody but this row needs its 95 packages. */
async function installPortkey(): Promise<void> {
  if (existsSync(join(PORTKEY, 'node_modules', '@portkey-ai'))) return;
  process.stderr.write('installing Portkey’s gateway into bench/portkey\n');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PORTKEY });
}

function figuresOf(ours: Load, portkey: Load): Figure[] {
  return [
    { name: 'a chat, requests a second', value: ours.perSecond },
    { name: 'a chat, app CPU a request in µs', value: ours.cpuMicrosPerRequest },
    { name: 'a chat through Portkey, requests a second', value: portkey.perSecond },
    { name: 'a chat through Portkey, app CPU a request in µs', value: portkey.cpuMicrosPerRequest },
    {
      name: 'a chat ÷ the same through Portkey, requests a second',
      value: ours.perSecond / portkey.perSecond,
      target: { atLeast: 1 },
    },
  ];
}
