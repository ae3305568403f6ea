import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { startPostgres } from '../../test/support/postgres.js';
import { startRedis } from '../../test/support/redis.js';
import { AppUnderLoad } from '../app-under-load.js';
import { type Figure, quantile } from '../figures.js';
import { type OpenRow, type Pace, type Row } from '../row.js';

const STREAMS = 200;
const SECONDS = 30;
/** The streams start one after another over this long: callers do not come in one instant, nor do their chunks. */
const START_OVER_MS = 1_000;
/** Of two seconds, at the upstream's five a second. */
const EARLY_CHUNKS = 10;
const PATH = '/v1/chat/completions';
const BODY = JSON.stringify({
  model: 'gpt-4o-mini',
  max_tokens: 1_000,
  stream: true,
  messages: [{ role: 'user', content: 'Count.' }],
});
/** What the upstream writes into each chunk: when it was sent. */
const SENT_AT = /"content":" (\d{13})"/g;

/** Many long streams through one process: how much later a chunk comes than from the upstream itself, and what it costs in memory. */
export const streamsRow: Row = {
  letter: 'i',
  title: `${STREAMS} streams of ${SECONDS} s`,
  onRequest: true,
  async open({ quick }: Pace): Promise<OpenRow> {
    const [count, seconds] = quick ? [20, 2] : [STREAMS, SECONDS];
    const [postgres, redis, upstream] = await Promise.all([
      startPostgres({ fsync: true }),
      startRedis(),
      AppUnderLoad.start('apps/streaming-upstream.ts', { STREAM_SECONDS: String(seconds) }),
    ]);
    const dataDir = mkdtempSync(join(tmpdir(), 'cuota-bench-'));
    const ours = await AppUnderLoad.start('apps/whole.ts', {
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
    });
    return {
      async round() {
        const straight = await delaysOf(upstream, count);
        const idleMb = ours.peakMegabytes();
        const through = await delaysOf(ours, count);
        return figuresOf({ straight, through, idleMb, peakMb: ours.peakMegabytes() });
      },
      async close() {
        for (const app of [ours, upstream]) app.stop();
        await Promise.all([postgres.stop(), redis.stop()]);
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  },
};

/** How long after it was sent each chunk was read, in ms, a list a stream. */
function delaysOf({ url, headers }: AppUnderLoad, count: number): Promise<number[][]> {
  const streams = Array.from({ length: count }, async (_, at) => {
    await setTimeout((START_OVER_MS * at) / count);
    const response = await fetch(`${url}${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: BODY,
    });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return readDelays(response);
  });
  return Promise.all(streams);
}

async function readDelays(response: Response): Promise<number[]> {
  const delays: number[] = [];
  const decoder = new TextDecoder();
  let whole = '';
  for await (const bytes of response.body ?? []) {
    const text = decoder.decode(bytes as Uint8Array, { stream: true });
    whole += text;
    for (const [, sentAt] of text.matchAll(SENT_AT)) delays.push(Date.now() - Number(sentAt));
  }
  if (!whole.endsWith('data: [DONE]\n\n')) throw new Error(`A stream broke off: ${whole.slice(-200)}`);
  return delays;
}

interface Measured {
  readonly straight: readonly number[][];
  readonly through: readonly number[][];
  readonly idleMb: number;
  readonly peakMb: number;
}

function figuresOf({ straight, through, idleMb, peakMb }: Measured): Figure[] {
  return [
    ...delayFigures('from the upstream', straight),
    ...delayFigures('through Cuota', through),
    { name: 'chunks read', value: through.flat().length },
    { name: 'peak memory of the process before, in MB', value: idleMb },
    { name: 'peak memory of the process with the streams, in MB', value: peakMb },
  ];
}

/** The chunks of a stream's first two seconds apart: they come while others are still being reserved. */
function delayFigures(from: string, streams: readonly number[][]): Figure[] {
  const early = streams.flatMap((delays) => delays.slice(0, EARLY_CHUNKS));
  const later = streams.flatMap((delays) => delays.slice(EARLY_CHUNKS));
  return [
    { name: `a chunk of the first two seconds ${from}, p99 in ms`, value: quantile(early, 0.99) },
    { name: `a later chunk ${from}, p50 in ms`, value: quantile(later, 0.5) },
    { name: `a later chunk ${from}, p99 in ms`, value: quantile(later, 0.99) },
    { name: `a later chunk ${from}, p99.9 in ms`, value: quantile(later, 0.999) },
  ];
}
