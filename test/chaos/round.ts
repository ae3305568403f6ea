import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type ApiAnswer } from '../support/api-client.js';
import { type TestRedisOptions } from '../support/redis.js';
import { until } from '../support/until.js';

import { type Amounts, Books, type LedgerRow } from './books.js';
import { ChaosDeployment, RESERVATION_TTL_SEC } from './deployment.js';
import { Faults } from './faults.js';
import { Load } from './load.js';
import { type CallRecord } from './metered-call.js';
import { SeededRandom } from './seeded-random.js';
import { createTenants, type Tenants } from './tenants.js';
import { askAll, type ToldLimit } from './usage-answers.js';

const APPS = 2;
const RAGE_MS = 10_000;
/** For what takes a second, on a machine that is busy with much else. */
const PATIENCE_MS = 120_000;
/** Each must be charged at its estimate. */
export const CALLS_OF_LAST_DEATH = 3;
/** A deadline and its sweep, and the five seconds in which a dead instance is still waited for; on a busy machine. */
const HEAL_MS = RESERVATION_TTL_SEC * 1_000 + 25_000;

/** All that is known when everything runs again and nothing is held any more. */
export interface Round {
  readonly calls: readonly CallRecord[];
  /** Names of the calls that reached the provider. */
  readonly served: ReadonlySet<string>;
  readonly rows: readonly LedgerRow[];
  readonly told: readonly ToldLimit[];
  readonly books: { readonly used: Amounts; readonly takenBack: Amounts };
  readonly totals: Awaited<ReturnType<Books['totals']>>;
  /** What had not healed in time. */
  readonly healing: { readonly unanswered: readonly string[]; readonly held: readonly string[] };
  /** What happened, in a few lines, and where the rest is. */
  readonly summary: string;
}

/** What one round is made of. */
interface Parts {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly tenants: Tenants;
  readonly load: Load;
  readonly faults: Faults;
}

/** One deployment of its own under load and faults, until it has healed. */
export async function runRound(seed: number, redis: TestRedisOptions): Promise<Round> {
  const deployment = await ChaosDeployment.start(APPS, redis);
  try {
    const [first] = deployment.running();
    if (!first) throw new Error('No process runs.');
    const random = new SeededRandom(seed);
    const tenants = await createTenants(deployment.admin(first));
    const load = new Load(deployment, tenants.all, random.fork());
    const faults = new Faults(deployment, APPS, random.fork());
    return await endure(deployment, { seed, random, tenants, load, faults });
  } finally {
    await deployment.stop();
  }
}

async function endure(deployment: ChaosDeployment, parts: Parts): Promise<Round> {
  const { load, faults, tenants, seed } = parts;
  try {
    await Promise.all([faults.rage(RAGE_MS), adjust(deployment, parts)]);
    await load.stop();
    await healed(deployment, tenants);
    await lastDeath(deployment, parts);
    await healed(deployment, tenants);
    faults.note('the rush begins');
    await load.rush();
    return await audit(deployment, parts);
  } catch (error) {
    const output = deployment.output();
    process.stderr.write(`${summaryOf(seed, { calls: load.calls, rows: [], faults, output })}\n`);
    throw error;
  } finally {
    load.end();
  }
}

/** One more process dies over calls in flight; Redis, which knows of them, does not. */
async function lastDeath(deployment: ChaosDeployment, { tenants, load, faults }: Parts): Promise<void> {
  const [victim] = deployment.running();
  if (!victim) return;
  const { ended } = await load.begin(CALLS_OF_LAST_DEATH, tenants.free, victim);
  await deployment.killApp(0);
  await Promise.all([ended, deployment.startApp(0)]);
  faults.note(`app 0 was killed over ${CALLS_OF_LAST_DEATH} calls, and is back`);
}

/** An admin's resets and a grant, in the middle of it all. */
async function adjust(deployment: ChaosDeployment, parts: Parts): Promise<void> {
  const { tenants, load, faults } = parts;
  const random = parts.random.fork();
  // Where nothing was used there is nothing to take back.
  await until('who is reset has used something', () => load.answered(tenants.reset), PATIENCE_MS);
  const reason = 'chaos';
  const acts: [string, object][] = [
    ['/admin/quotas/grants', { userId: tenants.granted.userId, unit: 'calls', amount: 10, reason }],
    ['/admin/quotas/reset', { scope: 'user', id: tenants.reset.userId, reason }],
    ['/admin/quotas/reset', { scope: 'apiKey', id: tenants.reset.keyId, reason }],
  ];
  for (const [path, body] of acts) {
    await delay(random.whole(RAGE_MS / 10, RAGE_MS / 4));
    const done = await insist(deployment, random, (admin) => admin.post(path, body));
    faults.note(`${path} answered ${done.status}`);
  }
}

/** An admin who gets no answer asks again. */
async function insist(
  deployment: ChaosDeployment,
  random: SeededRandom,
  act: (admin: ReturnType<ChaosDeployment['admin']>) => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  let answer: ApiAnswer | undefined;
  const ask = async () => {
    const running = deployment.running();
    if (running.length > 0) answer = await act(deployment.admin(random.pick(running))).catch(() => undefined);
    if (answer && answer.status < 300) return true;
    await delay(100);
    return false;
  };
  await until('an admin is answered', ask, PATIENCE_MS);
  if (!answer) throw new Error('An admin was not answered.');
  return answer;
}

async function audit(deployment: ChaosDeployment, { seed, tenants, load, faults }: Parts): Promise<Round> {
  const begun = performance.now();
  const { healing, periods, told } = await healed(deployment, tenants);
  faults.note(`healed after ${Math.round(performance.now() - begun)} ms`);
  const books = await Books.open(deployment.postgres.url);
  try {
    // Whoever tells nothing has not healed, which is what fails then.
    const [period = 'today'] = periods;
    const rows = await books.rows();
    return {
      calls: load.calls,
      served: load.served(),
      rows,
      told,
      books: { used: await books.used(period), takenBack: await books.takenBack() },
      totals: await books.totals(),
      healing,
      summary: summaryOf(seed, { calls: load.calls, rows, faults, output: deployment.output() }),
    };
  } finally {
    await books.close();
  }
}

/** Waits until every process answers every tenant and nothing is reserved, and tells what stayed otherwise. */
async function healed(deployment: ChaosDeployment, { all }: Tenants) {
  let last: Awaited<ReturnType<typeof askAll>>;
  let held: string[] = [];
  const ask = async () => {
    last = await askAll(deployment.running(), all);
    held = (last?.limits ?? [])
      .filter(({ reserved }) => reserved > 0)
      .map(({ name, by, reserved }) => `${name}: ${by} says ${reserved} reserved`);
    return last !== undefined && held.length === 0;
  };
  await until('it has healed', ask, HEAL_MS).catch(() => undefined);
  const unanswered = last ? [] : ['a process does not tell every tenant what was used'];
  return {
    healing: { unanswered, held },
    periods: last?.periods ?? new Set<string>(),
    told: last?.limits ?? [],
  };
}

function summaryOf(
  seed: number,
  {
    calls,
    rows,
    faults,
    output,
  }: { calls: readonly CallRecord[]; rows: readonly LedgerRow[]; faults: Faults; output: string },
): string {
  const count = (names: readonly string[]) =>
    [...new Set(names)]
      .sort()
      .map((name) => `${names.filter((one) => one === name).length} ${name}`)
      .join(', ');
  const summary = [
    `CUOTA_CHAOS_SEED=${seed}`,
    `calls: ${count(calls.map(({ seen, status }) => (seen === 'refused' ? `refused with ${status}` : seen)))}`,
    `rows: ${count(rows.map(({ status }) => status))}`,
    ...faults.done,
  ];
  const file = join(mkdtempSync(join(tmpdir(), 'cuota-chaos-log-')), `${seed}.log`);
  const told = calls.map((call) =>
    JSON.stringify({
      ...call,
      tenant: call.tenant.userId,
      life: call.life.process.url,
      died: call.life.killedAt,
    }),
  );
  writeFileSync(file, [...summary, ...told, ...rows.map((row) => JSON.stringify(row)), output].join('\n'));
  return [...summary, `all of it: ${file}`].join('\n  ');
}
