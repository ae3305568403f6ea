import { startWorker } from '../support/app-process.js';
import { until } from '../support/until.js';

import { killInTurn, mostPast, type WorkerDeployment } from './killed-workers.js';
import { ended, publish } from './workspace-app.js';

const MESSAGES = 1_000;
const AT_ONCE = 20;
/** The first two are asked as fast as they allow, or their rates would prove nothing; the third has none, and takes most. */
const OWN_KEYS: readonly OwnKey[] = [
  { key: 'sk-own-of-workspace-1', messages: 100, workers: 1, perSec: 4 },
  { key: 'sk-own-of-workspace-2', messages: 200, workers: 4, perSec: 8 },
  { key: 'sk-own-of-workspace-3', messages: 700, workers: 8 },
];

interface OwnKey {
  readonly key: string;
  readonly messages: number;
  readonly workers: number;
  readonly perSec?: number;
}

/** What becomes of workers whose process ends. */
export function endedProcesses(deployment: () => WorkerDeployment): void {
  const api = () => deployment().user.api;

  const workersOf = async (workspace: string): Promise<{ instance: string; state: string }[]> =>
    (await api().get(`/workers/${workspace}`)).body.workers;

  it('killing one of two processes moves its workers to the other within the lease', async () => {
    const workspace = await deployment().newWorkspace();
    await api().post(`/workers/scale/${workspace}`, { count: 4 });
    const instances = async () => new Set((await workersOf(workspace)).map(({ instance }) => instance));
    const spread = async () => (await workersOf(workspace)).length === 4 && (await instances()).size === 2;
    await until('they are spread over both', spread);
    const before = await instances();
    await deployment().kill(0);
    const killedAt = performance.now();
    const moved = async () => (await workersOf(workspace)).length === 4 && (await instances()).size === 1;
    await until('the other has them all', moved);
    // The lease of a second, and the look that finds it over.
    expect(performance.now() - killedAt).toBeLessThan(2_500);
    expect(before).toContain([...(await instances())][0]);
    await deployment().start(0);
    await until('they are spread again', spread);
  }, 60_000);

  it('a worker that shares neither database nor counters does not start, and says what it lacks', async () => {
    const lacking = startWorker({ DATA_DIR: '/nowhere' });
    await expect(lacking).rejects.toThrow(/DATABASE_URL: not set[^]*REDIS_URL: not set/);
  });

  it('a process that is told to stop gives back what it could not do in time, which was no try', async () => {
    const { emulator, workers } = deployment();
    emulator.reset();
    emulator.hold();
    const workspace = await deployment().newWorkspace();
    await api().post(`/workers/scale/${workspace}`, { count: 2 });
    const ids = [await publish(api(), workspace), await publish(api(), workspace)];
    await emulator.until(({ inFlight }) => inFlight === 2);
    expect(await workers[0]?.stop('SIGTERM')).toBe(0);
    emulator.release();
    for (const id of ids) expect(await ended(api(), id)).toMatchObject({ status: 'completed', attempts: 1 });
    await deployment().start(0);
  }, 60_000);
}

/** What is left of messages whose workers are killed again and again, whichever queue it is. */
export function thousandMessages(deployment: () => WorkerDeployment): void {
  const api = () => deployment().user.api;

  it('G3: 1,000 messages over 3 workspaces and 2 processes that are killed again and again: 1,000 results, 1,000 rows, each once, in the rates of their keys', async () => {
    const { emulator } = deployment();
    emulator.reset();
    emulator.always(({ body }) => ({ text: promptOf(body), delayMs: 25 }));
    const workspaces = await Promise.all(OWN_KEYS.map((own) => deployment().newWorkspace([keyOf(own)])));
    const addressees = OWN_KEYS.flatMap(({ messages }, at) =>
      Array<string>(messages).fill(workspaces[at] ?? ''),
    );
    const scaled = workspaces.map((id, at) =>
      api().post(`/workers/scale/${id}`, { count: OWN_KEYS[at]?.workers }),
    );
    await Promise.all(scaled);
    const before = (await deployment().rows()).length;

    const prompts = new Map<string, string>();
    const publishing = (async () => {
      for (let from = 0; from < MESSAGES; from += AT_ONCE) {
        const batch = Array.from({ length: AT_ONCE }, async (_, at) => {
          const prompt = `message ${from + at}`;
          prompts.set(await publish(api(), addressees[from + at] ?? '', { prompt }), prompt);
        });
        await Promise.all(batch);
      }
    })();
    const killing = killInTurn(deployment(), { every: MESSAGES / 8, of: MESSAGES });
    await publishing;
    const counted = async () => (await deployment().rows()).length - before >= MESSAGES;
    await until('all are paid', counted, 60_000);
    expect(await killing).toBeGreaterThanOrEqual(3);

    for (const workspace of workspaces) {
      await until('none is under way', async () => (await underWay(workspace)) === 0);
    }
    const paid = (await deployment().rows()).filter(({ message }) => prompts.has(message));
    expect(paid).toHaveLength(MESSAGES);
    expect(new Set(paid.map(({ message }) => message)).size).toBe(MESSAGES);
    expect((await deployment().rows()).every(({ status }) => status === 'settled')).toBe(true);
    const answered = [];
    for (let from = 0, ids = [...prompts.keys()]; from < MESSAGES; from += AT_ONCE) {
      const batch = ids.slice(from, from + AT_ONCE).map((id) => api().get(`/messages/${id}`));
      answered.push(...(await Promise.all(batch)));
    }
    expect(answered.map(({ body }) => [body.status, body.result])).toEqual(
      [...prompts.values()].map((prompt) => ['completed', prompt]),
    );
    const usages = new Set(answered.map(({ body }) => String(body.usage.usage_id)));
    expect(paid.every(({ id }) => usages.has(id))).toBe(true);
    await until('nothing is held', async () => (await reserved()) === 0, 20_000);
    for (const { key, messages, perSec, workers } of OWN_KEYS) {
      const own = emulator.requests.filter(({ headers }) => headers.authorization === `Bearer ${key}`);
      expect(own.length).toBeGreaterThanOrEqual(messages);
      if (perSec === undefined) continue;
      const cameAt = own.map((request) => request.cameAt);
      expect(mostPast(cameAt, { burst: perSec, perSec, workers })).toBeLessThanOrEqual(0);
    }
  }, 180_000);

  const underWay = async (workspace: string): Promise<number> => {
    const lists = ['queued', 'processing'].map(
      async (status) =>
        (await api().get(`/messages?workspace_id=${workspace}&status=${status}&limit=1`)).body.items.length,
    );
    const counts = await Promise.all(lists);
    return counts.reduce((sum: number, count: unknown) => sum + Number(count), 0);
  };

  const reserved = async (): Promise<number> => {
    const { limits } = (await api().get('/me/usage')).body;
    return limits.reduce((sum: number, limit: { reserved: unknown }) => sum + Number(limit.reserved), 0);
  };
}

function keyOf({ key, perSec }: OwnKey): object {
  const rate = perSec !== undefined && { rate_limit: perSec, rate_limit_period: 1 };
  return { name: 'upstream', api_key: key, ...rate };
}

function promptOf(body: Readonly<Record<string, unknown>>): string {
  const messages: unknown = body.messages;
  const [message] = Array.isArray(messages) ? (messages as { content: string }[]) : [];
  return message?.content ?? '';
}
