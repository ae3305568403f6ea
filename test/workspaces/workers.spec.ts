import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

import { ended, newWorkspace, publish } from './workspace-app.js';

interface SeenWorker {
  readonly id: string;
  readonly instance: string;
  readonly state: string;
  readonly message_id: string | null;
  readonly since: string;
}

describe('workers', () => {
  let harness: Harness;
  let user: TestUser;
  let workspace: string;

  beforeAll(async () => {
    const env = { WORKER_LEASE_SEC: '1', WORKERS_MAX_PER_WORKSPACE: '8', WORKERS_MAX_PER_OWNER: '10' };
    harness = await newHarness({ upstream: true, env });
  }, 120_000);

  afterAll(() => harness.stop());

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
    workspace = await newWorkspace(user);
  });

  const scale = (count: unknown) => user.api.post(`/workers/scale/${workspace}`, { count });
  const workers = async (): Promise<SeenWorker[]> =>
    (await user.api.get(`/workers/${workspace}`)).body.workers;
  const untilThereAre = (count: number) =>
    until(`there are ${count} workers`, async () => (await workers()).length === count);

  it('a new workspace has one', async () => {
    await untilThereAre(1);
    expect((await user.api.get(`/workers/${workspace}`)).body).toMatchObject({
      ...{ workspace_id: workspace, wanted: 1 },
      workers: [{ state: 'idle', message_id: null, since: expect.stringMatching(/Z$/) }],
    });
  });

  it('from 1 to 8 and down to 2, as the calls in flight at the provider show', async () => {
    harness.emulator.hold();
    const ids = await Promise.all(Array.from({ length: 14 }, () => publish(user.api, workspace)));
    await harness.emulator.until(({ inFlight }) => inFlight === 1);

    expect((await scale(8)).body).toMatchObject({ wanted: 8 });
    await harness.emulator.until(({ inFlight }) => inFlight === 8);
    const eight = await workers();
    expect(new Set(eight.map(({ id }) => id)).size).toBe(8);
    expect(eight.every(({ state, message_id }) => state === 'busy' && ids.includes(String(message_id)))).toBe(
      true,
    );

    expect((await scale(2)).status).toBe(200);
    await until(
      'six drain',
      async () => (await workers()).filter(({ state }) => state === 'draining').length === 6,
    );
    harness.emulator.release(8);
    await untilThereAre(2);
    await harness.emulator.until(({ inFlight, completed }) => inFlight === 2 && completed === 8);
    harness.emulator.release();
    for (const id of ids)
      expect(await ended(user.api, id)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(harness.emulator.maxInFlight).toBe(8);
    expect(harness.emulator.requests).toHaveLength(14);
  });

  it('none: its messages wait for one', async () => {
    await scale(0);
    await untilThereAre(0);
    const id = await publish(user.api, workspace);
    expect((await user.api.get(`/messages/${id}`)).body.status).toBe('queued');
    await scale(1);
    expect(await ended(user.api, id)).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['was disabled', 'disabled'],
    ['has left the workspace', 'left'],
    ['has revoked the API key', 'revoked'],
  ] as const)(
    'G12: who %s since spends nothing more: the message fails, and nobody is asked',
    async (_what, change) => {
      const member = await harness.newUser();
      await user.api.post(`/workspaces/${workspace}/members`, { user_id: member.id });
      await scale(0);
      await untilThereAre(0);
      const id = await publish(member.api, workspace);
      const changes = {
        disabled: () => harness.admin.patch(`/admin/users/${member.id}`, { status: 'disabled' }),
        left: () => user.api.delete(`/workspaces/${workspace}/members/${member.id}`),
        revoked: () => member.api.delete(`/me/api-keys/${member.keyId}`),
      };
      expect((await changes[change]()).status).toBeLessThan(300);
      await scale(1);
      expect(await ended(user.api, id)).toMatchObject({
        ...{ status: 'failed', usage: null },
        error: { code: 'forbidden', message: expect.stringContaining('any more') },
      });
      expect(harness.emulator.requests).toEqual([]);
    },
  );

  it.each([
    ['more than is allowed', 9],
    ['less than none', -1],
    ['half a one', 1.5],
    ['no number', 'many'],
    ['nothing', undefined],
  ])('refuses %s', async (_what, count) => {
    const answer = await scale(count);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect((await user.api.get(`/workers/${workspace}`)).body.wanted).toBe(1);
  });

  it('all workspaces of one owner have so many together, also of calls at once, and who is made an owner loses none', async () => {
    const [second, third] = [await newWorkspace(user), await newWorkspace(user)];
    const scaleAll = (count: number) =>
      Promise.all([second, third].map((id) => user.api.post(`/workers/scale/${id}`, { count })));
    const statuses = (await scaleAll(6)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409]);
    const refused = await scale(4);
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    expect(refused.body.detail).toContain('10 workers together (WORKERS_MAX_PER_OWNER): 3 are left');
    expect((await user.api.get(`/workers/${workspace}`)).body.wanted).toBe(1);
    expect((await scale(3)).status).toBe(200);
    expect((await scale(0)).status).toBe(200);

    const other = await harness.newUser();
    for (const id of [second, third])
      await user.api.post(`/workspaces/${id}/members`, { user_id: other.id, role: 'owner' });
    const own = await newWorkspace(other);
    expect((await other.api.post(`/workers/scale/${own}`, { count: 8 })).status).toBe(200);
    await Promise.all([second, third, own].map((id) => harness.admin.delete(`/workspaces/${id}`)));
  });

  it('G12: another’s are a 404', async () => {
    const stranger = await harness.newUser();
    for (const answer of [
      await stranger.api.get(`/workers/${workspace}`),
      await stranger.api.post(`/workers/scale/${workspace}`, { count: 2 }),
      await user.api.post('/workers/scale/no-such-workspace', { count: 2 }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
  });

  it('tells /metrics how long messages wait, but of none that waits where no worker is wanted', async () => {
    const value = async (line: string) => {
      const text = String((await user.api.get('/metrics')).body);
      return Number(new RegExp(`^${line} (\\S+)$`, 'm').exec(text)?.[1]);
    };
    const under = (status: string) => value(`messages_under_way\\{status="${status}"\\}`);
    await untilThereAre(1);
    const wanted = await value('workers_wanted');
    await scale(0);
    expect(await value('workers_wanted')).toBe(wanted - 1);
    await untilThereAre(0);
    const id = await publish(user.api, workspace);
    await until('it is seen to wait', async () => (await value('message_oldest_seconds')) > 0);
    expect([await under('queued'), await under('processing')]).toEqual([1, 0]);
    expect(await value('message_due_seconds')).toBe(0);
    await scale(1);
    await ended(user.api, id);
    expect(await value('message_oldest_seconds')).toBe(0);
  });

  it('tells /metrics of messages and workers', async () => {
    await ended(user.api, await publish(user.api, workspace));
    const text = String((await user.api.get('/metrics')).body);
    expect(text).toMatch(/^workers_alive\{state="active"\} [1-9]/m);
    expect(text).toMatch(/^message_duration_seconds_count\{status="completed"\} [1-9]/m);
    expect(text).toMatch(/^message_runs_total\{outcome="completed"\} [1-9]/m);
    expect(text).toMatch(/^messages_under_way\{status="queued"\} 0$/m);
  });
});
