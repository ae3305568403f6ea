import { CounterStore } from '../../src/rate-limiting/domain/counters.js';
import { addDays, dayAt, startOfDay } from '../../src/rate-limiting/domain/period.js';
import { Reconciliation } from '../../src/rate-limiting/reconciliation.js';
import { type ApiAnswer } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };
const DAYS = 3;
const ZONE = 'Europe/Madrid';
const ACME = { 'X-Workspace-Id': 'acme' };
const NIGHTLY = { 'X-Workflow-Id': 'nightly' };

/** Nest's log goes to the first application of a process, whichever writes it. */
const logs: string[][] = [];
let names = 0;
const linesWith = (...texts: string[]) =>
  logs.flat().filter((line) => texts.every((text) => line.includes(text)));

function describeRolling(redis: boolean): void {
  let harness: Harness;
  let ledger: LedgerReader;
  /** What one call holds, and uses: the same here, so that every sum is exact. */
  let each: number;

  beforeAll(async () => {
    harness = await newHarness({
      redis,
      upstream: true,
      env: {
        QUOTA_WINDOW_DAYS: String(DAYS),
        DEFAULT_DAILY_QUOTA_TOKENS: '1000',
        QUOTA_TIMEZONE: ZONE,
      },
    });
    logs.push(harness.log);
    ledger = await LedgerReader.open(harness.databaseUrl);
    harness.clock.moveTo(startOfDay(today(), ZONE) + 12 * 3_600_000);
    const user = await harness.newUser();
    await chat(user);
    const [row] = await ledger.rows(user.id);
    each = Number(row?.estimated_tokens);
    harness.emulator.always(usageOf(each));
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  // Time only goes on: a counter of a day that is over may lie in the past of what an admin did after it.
  beforeEach(() => {
    harness.clock.moveTo(midnight(1) + 12 * 3_600_000);
  });

  afterEach(async () => {
    // Whatever a test did, the counters are what the ledger says.
    expect(await harness.app.get(Reconciliation).reconcile()).toBe(0);
  });

  const today = () => dayAt(harness.clock.now(), ZONE);
  const midnight = (daysOn: number) => startOfDay(addDays(today(), daysOn), ZONE);
  const iso = (ms: number) => new Date(ms).toISOString();
  /** Asked again where a busy machine's stores were too slow to answer: such a call was not made (G9). */
  const chat = async (user: TestUser, headers?: Record<string, string>): Promise<ApiAnswer> => {
    const answer = await user.api.post('/v1/chat/completions', CHAT, headers);
    return answer.status === 503 ? chat(user, headers) : answer;
  };
  const statuses = async (count: number, call: () => Promise<{ status: number }>) => {
    const seen: number[] = [];
    for (let at = 0; at < count; at++) seen.push((await call()).status);
    return seen;
  };
  const limit = async (user: TestUser, name: string, headers?: Record<string, string>) =>
    (await user.api.get('/me/usage', headers)).body.limits.find((one: { name: string }) => one.name === name);
  const newWorkspace = async (body?: Record<string, unknown>, ...users: TestUser[]) => {
    const id = `ws-${++names}`;
    await harness.admin.post('/workspaces', { workspace_id: id });
    for (const { id: user_id } of users) await harness.admin.post(`/workspaces/${id}/members`, { user_id });
    if (body) await harness.admin.put(`/admin/limits/workspaces/${id}`, body);
    return { id, headers: { 'X-Workspace-Id': id } };
  };
  const hard = (calls: number) => ({ rollingTokenLimit: calls * each, enforcement: 'hard' });
  const reset = (body: Record<string, unknown>) =>
    harness.admin.post('/admin/quotas/reset', { reason: 'a gift', ...body });
  const rollingUser = async (calls: number) => {
    const id = `rolling-${++names}`;
    const rates = { requestsPerMinute: 1_000_000, burst: 100_000 };
    const tokens = { monthlyTokenLimit: 1, rollingTokenLimit: calls * each };
    await harness.admin.post('/admin/plans', { id, name: id, quotaWindow: 'rolling', ...rates, ...tokens });
    return harness.newUser(undefined, id);
  };
  /** Calls that wait at the provider, and how to let them go on. */
  const heldCalls = async (count: number, call: () => Promise<{ status: number }>) => {
    harness.emulator.hold();
    const before = harness.emulator.inFlight;
    const answers = Array.from({ length: count }, call);
    await harness.emulator.until(({ inFlight }) => inFlight === before + count);
    return async () => {
      harness.emulator.release();
      return (await Promise.all(answers)).map(({ status }) => status);
    };
  };

  describe('whose they are', () => {
    it('shows the default of a workspace and a workflow, with the days of their window', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(undefined, user);
      expect((await chat(user, { ...headers, ...NIGHTLY })).status).toBe(200);
      for (const name of ['workspace.rolling.tokens', 'workflow.rolling.tokens']) {
        expect(await limit(user, name, { ...headers, ...NIGHTLY })).toEqual({
          name,
          unit: 'tokens',
          window: 'rolling_3d',
          max: 3_000,
          used: each,
          reserved: 0,
          remaining: 3_000 - each,
          resetAt: iso(midnight(1)),
          windowStart: iso(midnight(-2)),
          windowEnd: iso(midnight(1)),
        });
      }
      expect(await limit(user, 'workflow.rolling.tokens')).toBeUndefined();
    });

    it('G12: a workspace of another is not found, and nothing of it is spent', async () => {
      const [owner, other] = [await harness.newUser(), await harness.newUser()];
      const { headers } = await newWorkspace(undefined, owner);
      expect((await chat(other, headers)).status).toBe(404);
      expect((await other.api.get('/me/usage', ACME)).status).toBe(404);
      expect(await limit(owner, 'workspace.rolling.tokens', headers)).toMatchObject({ used: 0 });
    });

    it('G12: two who choose the same workflow id do not share a pot, and a workspace’s is its own', async () => {
      const [one, two] = [await harness.newUser(), await harness.newUser()];
      const { headers } = await newWorkspace(undefined, one, two);
      const workflow = { 'X-Workflow-Id': 'a:b/%3A c' };
      await chat(one, workflow);
      await statuses(2, () => chat(two, workflow));
      await chat(one, { ...headers, ...workflow });
      await chat(two, { ...headers, ...workflow });
      await harness.app.get(CounterStore).invalidateAll();
      const used = async (user: TestUser, more = {}) =>
        (await limit(user, 'workflow.rolling.tokens', { ...workflow, ...more })).used / each;
      expect([await used(one), await used(two), await used(one, headers)]).toEqual([1, 2, 2]);
    });

    it('of a user on a rolling plan: the month’s tokens are not limited, the last 30 days’ are', async () => {
      const user = await rollingUser(2);
      expect(await statuses(3, () => chat(user))).toEqual([200, 200, 429]);
      const denied = await chat(user);
      expect(denied.body.error.limits).toMatchObject([
        { name: 'user.rolling.tokens', window: 'rolling_30d', resetAt: iso(midnight(30)) },
      ]);
      expect(await limit(user, 'user.month.tokens')).toMatchObject({ max: 0, used: 2 * each });
      const near = await harness.admin.get('/admin/reports/near-limit?limit=100');
      expect(near.body.items.filter((one: { id: string }) => one.id === user.id)).toEqual([]);
      const past = await user.api.get(`/me/usage?month=2026-01`);
      expect(past.body.limits.map((one: { window: string }) => one.window)).not.toContain('rolling_30d');
    });
  });

  describe('how they are held', () => {
    it('G1: a race of 60 on a hard workspace limit lets exactly 7 through, over two users', async () => {
      const [one, two] = [await harness.newUser(), await harness.newUser()];
      const { headers } = await newWorkspace(hard(7), one, two);
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => chat(at % 2 === 0 ? one : two, headers)),
      );
      const seen = answers.map(({ status }) => status).sort();
      expect(seen).toEqual([...Array<number>(7).fill(200), ...Array<number>(53).fill(429)]);
      expect(await limit(one, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: 7 * each,
        reserved: 0,
        remaining: 0,
        resetAt: iso(midnight(DAYS)),
      });
    });

    it('G2: a call that the workspace denies changes nothing of the user’s', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(hard(1), user);
      await chat(user, { ...headers, ...NIGHTLY });
      const before = (await user.api.get('/me/usage', { ...headers, ...NIGHTLY })).body.limits;
      expect((await chat(user, { ...headers, ...NIGHTLY })).status).toBe(429);
      expect((await user.api.get('/me/usage', { ...headers, ...NIGHTLY })).body.limits).toEqual(before);
    });

    it('soft lets through and marks: header, limits, ledger row, a line in the log', async () => {
      const user = await harness.newUser();
      const { id, headers } = await newWorkspace({ rollingTokenLimit: each }, user);
      expect((await chat(user, headers)).headers.get('x-quota-exceeded')).toBeNull();
      const over = await chat(user, headers);
      expect([over.status, over.headers.get('x-quota-exceeded')]).toEqual([200, 'workspace.rolling.tokens']);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: 2 * each,
        remaining: 0,
      });
      const rows = await ledger.rows(user.id);
      expect(rows.map((row) => row.soft_exceeded)).toEqual([false, true]);
      expect(linesWith('past a soft limit', `"${id}"`)).toHaveLength(1);
    });

    it('shadow only counts, and says in the log what it would have denied', async () => {
      const user = await harness.newUser();
      const body = { rollingTokenLimit: each, enforcement: 'shadow' };
      const { id, headers } = await newWorkspace(body, user);
      await chat(user, headers);
      const over = await chat(user, headers);
      expect([over.status, over.headers.get('x-quota-exceeded')]).toEqual([200, null]);
      expect((await ledger.rows(user.id)).map((row) => row.soft_exceeded)).toEqual([false, false]);
      expect(linesWith('would have denied', `"${id}"`)).toHaveLength(1);
    });
  });

  describe('as the days turn', () => {
    it('G6, G13: a denial names the midnight at which enough falls out, and room returns exactly then', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(hard(3), user);
      await chat(user, headers);
      harness.clock.moveTo(midnight(1));
      await statuses(2, () => chat(user, headers));
      const denied = await chat(user, headers);
      // The day before is the first of three: it falls out at the second midnight from here.
      const back = midnight(2);
      expect(denied.status).toBe(429);
      expect(denied.body.error.limits).toMatchObject([
        { name: 'workspace.rolling.tokens', used: 3 * each, max: 3 * each, resetAt: iso(back) },
      ]);
      expect(denied.body.error.message).toContain(iso(back));
      expect(Number(denied.headers.get('retry-after'))).toBe((back - harness.clock.now()) / 1000);
      harness.clock.moveTo(back - 1);
      expect((await chat(user, headers)).status).toBe(429);
      harness.clock.moveTo(back);
      expect(await statuses(2, () => chat(user, headers))).toEqual([200, 429]);
      expect((await chat(user, headers)).body.error.limits).toMatchObject([{ resetAt: iso(midnight(1)) }]);
      harness.clock.moveTo(midnight(1));
      expect(await statuses(3, () => chat(user, headers))).toEqual([200, 200, 429]);
    });

    it('G1, G6: a call from before midnight is held and counted in the window after it', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(hard(3), user);
      harness.clock.moveTo(midnight(1) - 1);
      const end = await heldCalls(2, () => chat(user, headers));
      harness.clock.advance(1);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: 0,
        reserved: 2 * each,
      });
      expect(await end()).toEqual([200, 200]);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: 2 * each,
        reserved: 0,
      });
      expect(await statuses(2, () => chat(user, headers))).toEqual([200, 429]);
      await harness.app.get(CounterStore).invalidateAll();
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({ used: 3 * each });
      // It was charged to the day in which it was reserved, and falls out with it.
      harness.clock.moveTo(midnight(2));
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({ used: each });
    });

    it('G3: a call that lasts for days is counted in the window that holds when it ends', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(hard(3), user);
      const end = await heldCalls(1, () => chat(user, headers));
      harness.clock.moveTo(midnight(2));
      await limit(user, 'workspace.rolling.tokens', headers);
      expect(await end()).toEqual([200]);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({ used: each });
      harness.clock.moveTo(midnight(1));
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({ used: 0 });
    });

    it('G5: counters that are rebuilt while calls are in flight lose and double none of them', async () => {
      const user = await harness.newUser();
      const { headers } = await newWorkspace(hard(5), user);
      await chat(user, headers);
      harness.clock.moveTo(midnight(1) - 1);
      const end = await heldCalls(2, () => chat(user, headers));
      if (harness.redis) await harness.redis.flushAll();
      else await harness.app.get(CounterStore).invalidateAll();
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: each,
        reserved: 2 * each,
      });
      harness.clock.advance(1);
      expect(await end()).toEqual([200, 200]);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({
        used: 3 * each,
        reserved: 0,
      });
      expect(await statuses(3, () => chat(user, headers))).toEqual([200, 200, 429]);
    });
  });

  describe('what an admin sets', () => {
    it('a limit of a workflow’s own id holds for each who uses it; one of a pot for that one', async () => {
      const [one, two] = [await harness.newUser(), await harness.newUser()];
      const id = `flow-${++names}`;
      const call = (user: TestUser) => () => chat(user, { 'X-Workflow-Id': id });
      await harness.admin.put(`/admin/limits/workflows/${id}`, hard(1));
      const pot = encodeURIComponent(`user:${two.id}:${id}`);
      await harness.admin.put(`/admin/limits/workflows/${pot}`, { rollingTokenLimit: 2 * each });
      expect(await statuses(2, call(one))).toEqual([200, 429]);
      expect(await statuses(3, call(two))).toEqual([200, 200, 429]);
      await harness.admin.put(`/admin/limits/workflows/${id}`, { ...hard(1), isActive: false });
      expect((await call(one)()).status).toBe(200);
    });

    it('G3: a reset while calls are in flight gives the window back, and they are charged to the new zero', async () => {
      const user = await harness.newUser();
      const { id, headers } = await newWorkspace(hard(3), user);
      await chat(user, headers);
      const end = await heldCalls(2, () => chat(user, headers));
      const done = await reset({ scope: 'workspace', id });
      expect(done.body).toMatchObject({ subjects: 1, calls: 1, tokens: each });
      expect(await end()).toEqual([200, 200]);
      expect(await limit(user, 'workspace.rolling.tokens', headers)).toMatchObject({ used: 2 * each });
      expect(await statuses(2, () => chat(user, headers))).toEqual([200, 429]);
      expect(await limit(user, 'user.month.tokens')).toMatchObject({ used: 4 * each });
      expect((await reset({ scope: 'workspace', id })).body).toMatchObject({ calls: 3 });
    });

    it('resets a workflow of one, or of everybody who uses its id', async () => {
      const [one, two] = [await harness.newUser(), await harness.newUser()];
      const id = `flow-${++names}`;
      const headers = { 'X-Workflow-Id': id };
      const used = async () =>
        Promise.all(
          [one, two].map(async (user) => (await limit(user, 'workflow.rolling.tokens', headers)).used / each),
        );
      const both = await Promise.all([chat(one, headers), chat(two, headers)]);
      expect(both.map(({ status, body }) => [status, body.error])).toEqual([
        [200, undefined],
        [200, undefined],
      ]);
      expect(await used()).toEqual([1, 1]);
      expect((await reset({ scope: 'workflow', id: `user:${one.id}:${id}` })).body.calls).toBe(1);
      expect(await used()).toEqual([0, 1]);
      await chat(one, headers);
      expect((await reset({ scope: 'workflow', id })).body).toMatchObject({ subjects: 2, calls: 2 });
      expect(await used()).toEqual([0, 0]);
      await harness.app.get(CounterStore).invalidateAll();
      expect(await used()).toEqual([0, 0]);
    });

    it('resets a rolling user’s tokens of all the window, and calls and money of the month only', async () => {
      const user = await rollingUser(4);
      const month = today().slice(0, 7);
      await chat(user);
      harness.clock.moveTo(`${nextMonth(today())}-02T12:00:00Z`);
      await chat(user);
      expect(await limit(user, 'user.rolling.tokens')).toMatchObject({ used: 2 * each });
      const done = await reset({ scope: 'user', id: user.id });
      expect(done.body).toMatchObject({ subjects: 1, calls: 1, tokens: 2 * each });
      expect(await limit(user, 'user.rolling.tokens')).toMatchObject({ used: 0 });
      expect(await limit(user, 'user.month.calls')).toMatchObject({ used: 0 });
      expect((await reset({ scope: 'user', id: user.id })).body).toMatchObject({ calls: 0, tokens: 0 });
      const past = (await user.api.get(`/me/usage?month=${month}`)).body.limits;
      expect(past).toContainEqual(expect.objectContaining({ name: 'user.month.calls', used: 1 }));
    });

    it('of all takes rolling windows back too, of users, workspaces and workflows', async () => {
      const [calendar, rolling] = [await harness.newUser(), await rollingUser(4)];
      const { headers } = await newWorkspace(hard(9), calendar, rolling);
      const named = { ...headers, ...NIGHTLY };
      await Promise.all([chat(calendar, named), chat(rolling, named)]);
      harness.clock.moveTo(midnight(1));
      await chat(rolling, named);
      expect((await reset({ scope: 'all' })).status).toBe(200);
      const seen = await Promise.all(
        ['user.rolling.tokens', 'workspace.rolling.tokens', 'workflow.rolling.tokens'].map(
          async (name) => (await limit(rolling, name, named)).used,
        ),
      );
      expect(seen).toEqual([0, 0, 0]);
    });

    it('a grant of tokens raises a rolling user’s limit for as long as the window is', async () => {
      const user = await rollingUser(1);
      const noon = harness.clock.now();
      expect(await statuses(2, () => chat(user))).toEqual([200, 429]);
      const grant = { userId: user.id, unit: 'tokens', amount: each, reason: 'a gift' };
      const granted = await harness.admin.post('/admin/quotas/grants', grant);
      expect(granted.status).toBe(201);
      expect(await limit(user, 'user.rolling.tokens')).toMatchObject({ max: 2 * each });
      expect(await statuses(2, () => chat(user))).toEqual([200, 429]);
      const daysLeft = (Date.parse(granted.body.expiresAt) - noon) / 86_400_000;
      expect(Math.round(daysLeft)).toBe(30);
      harness.clock.moveTo(granted.body.expiresAt);
      expect(await limit(user, 'user.rolling.tokens')).toMatchObject({ max: each });
    });
  });
}

function usageOf(total: number) {
  return { usage: { prompt_tokens: total - 12, completion_tokens: 12, total_tokens: total } };
}

function nextMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

describe('rolling quotas, counted in memory', () => {
  describeRolling(false);
});

describeWithRedis('rolling quotas, counted in Redis', () => {
  describeRolling(true);
});
