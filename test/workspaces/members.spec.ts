import { createApp } from '../../src/create-app.js';
import { readSettings } from '../../src/config/index.js';
import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

describe('the members of a workspace', () => {
  let harness: Harness;
  let owner: TestUser;
  let member: TestUser;
  let stranger: TestUser;
  let id: string;
  let names = 0;

  beforeAll(async () => {
    harness = await newHarness();
    [owner, member, stranger] = [await harness.newUser(), await harness.newUser(), await harness.newUser()];
  });

  afterAll(() => harness.stop());

  beforeEach(async () => {
    id = `team-${++names}`;
    await owner.api.post('/workspaces', { workspace_id: id });
  });

  const add = (body: object, by = owner) => by.api.post(`/workspaces/${id}/members`, body);
  const remove = (user: TestUser, by = owner) => by.api.delete(`/workspaces/${id}/members/${user.id}`);
  const enters = async (user: TestUser) =>
    (await user.api.get('/me/usage', { 'X-Workspace-Id': id })).status === 200;
  const roles = async () =>
    Object.fromEntries(
      (await owner.api.get(`/workspaces/${id}/members`)).body.items.map(
        (one: { user_id: string; role: string }) => [one.user_id, one.role],
      ),
    );

  it('an owner adds one by id or by email, who may call in its name from then on', async () => {
    expect(await enters(member)).toBe(false);
    const added = await add({ user_id: member.id });
    expect(added.status).toBe(201);
    const { email } = (await member.api.get('/me')).body;
    expect(added.body).toMatchObject({ user_id: member.id, email, role: 'member' });
    expect(await enters(member)).toBe(true);
    const { email: address } = (await stranger.api.get('/me')).body;
    expect((await add({ email: address.toUpperCase(), role: 'owner' })).status).toBe(201);
    expect(await roles()).toEqual({ [owner.id]: 'owner', [member.id]: 'member', [stranger.id]: 'owner' });
  });

  it('takes one away, who may not call in its name any more', async () => {
    await add({ user_id: member.id });
    expect(await enters(member)).toBe(true);
    expect((await remove(member)).status).toBe(204);
    expect(await enters(member)).toBe(false);
    expect((await remove(member)).status).toBe(404);
  });

  it('a member sees the others and may leave, and manages nothing', async () => {
    await add({ user_id: member.id });
    expect((await member.api.get(`/workspaces/${id}/members`)).status).toBe(200);
    for (const answer of [
      await add({ user_id: stranger.id }, member),
      await add({ user_id: member.id, role: 'owner' }, member),
      await remove(owner, member),
      await member.api.delete(`/workspaces/${id}`),
    ])
      expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await remove(member, member)).status).toBe(204);
    expect(await roles()).toEqual({ [owner.id]: 'owner' });
  });

  it('keeps one owner', async () => {
    await add({ user_id: member.id });
    expect((await remove(owner)).body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await add({ user_id: owner.id, role: 'member' })).status).toBe(409);
    await add({ user_id: member.id, role: 'owner' });
    const both = await Promise.all([remove(owner, member), remove(member, owner)]);
    expect(both.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1);
  });

  it.each([
    [{}, 400],
    [{ user_id: 'x', email: 'a@b.cd' }, 400],
    [{ email: 'nobody@example.com' }, 404],
    [{ user_id: 'nobody' }, 404],
    [{ user_id: null }, 400],
    [{ role: 'king' }, 400],
  ])('refuses %j with %i', async (body, status) => {
    expect((await add(body)).status).toBe(status);
    expect(await roles()).toEqual({ [owner.id]: 'owner' });
  });

  it('G15: the audit log has every change with both roles', async () => {
    await add({ user_id: member.id });
    await add({ user_id: member.id, role: 'owner' });
    await remove(member);
    const { body } = await harness.admin.get(`/admin/audit?subjectKind=workspace&subjectId=${id}`);
    const userId = member.id;
    expect(body.items.slice(0, 3)).toMatchObject([
      { action: 'workspaceMember.remove', before: { userId, role: 'owner' }, after: null },
      { action: 'workspaceMember.put', before: { userId, role: 'member' }, after: { userId, role: 'owner' } },
      { action: 'workspaceMember.put', before: null, after: { userId, role: 'member' } },
    ]);
  });

  it('G8: who was taken away is out on another instance within a second', async () => {
    const read = readSettings(harness.environment());
    if ('faults' in read) throw new Error(read.faults.join());
    const there = await createApp(read.settings, { clock: harness.clock, log: { write: () => undefined } });
    await there.listen(0, '127.0.0.1');
    try {
      await add({ user_id: member.id });
      const client = new ApiClient(await there.getUrl(), member.key);
      const inside = async () => (await client.get('/me/usage', { 'X-Workspace-Id': id })).status === 200;
      await until('it is in there', inside);
      await remove(member);
      const since = performance.now();
      await until('it is out there', async () => !(await inside()));
      expect(performance.now() - since).toBeLessThan(1_000);
    } finally {
      await there.close();
    }
  });
});
