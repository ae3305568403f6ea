import { WorkspaceMembership } from '../../src/identity/index.js';
import { userId } from '../../src/rate-limiting/domain/ids.js';
import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };

describe('workspaces', () => {
  let harness: Harness;
  let owner: TestUser;
  let other: TestUser;
  let names = 0;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    [owner, other] = [await harness.newUser(), await harness.newUser()];
  });

  afterAll(() => harness.stop());

  const newId = () => `ws-${++names}`;
  const register = async (id = newId(), user = owner) => {
    expect((await user.api.post('/workspaces', { workspace_id: id })).status).toBe(201);
    return id;
  };
  const audited = async (id: string) =>
    (await harness.admin.get(`/admin/audit?subjectKind=workspace&subjectId=${id}`)).body.items.map(
      ({ action, before, after, actor }: Record<string, { label: string }>) => ({
        action,
        before,
        after,
        by: actor?.label,
      }),
    );

  it.each(['/workspaces', '/workspaces/', '/workspace/register'])(
    'POST %s registers one; the caller is its owner',
    async (path) => {
      const id = newId();
      const made = await owner.api.post(path, { workspace_id: id, name: 'Acme' });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ workspace_id: id, name: 'Acme', role: 'owner' });
      const { body } = await owner.api.get(`/workspaces/?workspace_id=${id}`);
      expect(body).toEqual({ items: [made.body], nextCursor: null });
    },
  );

  it('makes an id where none is given', async () => {
    const { body } = await owner.api.post('/workspaces', {});
    expect(body.workspace_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [{ workspace_id: '' }, 'workspace_id'],
    [{ workspace_id: ' x' }, 'workspace_id'],
    [{ workspace_id: 'x'.repeat(129) }, 'workspace_id'],
    [{ workspace_id: 7 }, 'workspace_id'],
    [{ name: 'two\nlines' }, 'name'],
    [{ colour: 'red' }, 'colour'],
  ])('refuses %j and writes nothing', async (body, path) => {
    const before = (await harness.admin.get('/workspaces?limit=200')).body.items.length;
    const answer = await owner.api.post('/workspaces', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
    expect((await harness.admin.get('/workspaces?limit=200')).body.items.length).toBe(before);
  });

  it('409 where the id is taken, by whomever', async () => {
    const id = await register();
    for (const user of [owner, other])
      expect((await user.api.post('/workspaces', { workspace_id: id })).body).toMatchObject({
        status: 409,
        code: 'conflict',
      });
  });

  it('lists in pages what the caller is of, and all to an admin', async () => {
    const user = await harness.newUser();
    const ids = [
      await register(newId(), user),
      await register(newId(), user),
      await register(newId(), user),
    ].sort();
    const first = await user.api.get('/workspaces?limit=2');
    const second = await user.api.get(`/workspaces?limit=2&cursor=${first.body.nextCursor}`);
    const items = [...first.body.items, ...second.body.items];
    expect(items.map((one) => one.workspace_id)).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
    const { body } = await harness.admin.get(`/workspaces?workspace_id=${ids[0] ?? ''}`);
    expect(body.items).toEqual([expect.objectContaining({ workspace_id: ids[0], role: null })]);
  });

  it.each([['/workspaces/'], ['/workspace/delete/']])(
    'DELETE %s:id deletes it; its ledger stays',
    async (path) => {
      const id = await register();
      const headers = { 'X-Workspace-Id': id };
      expect((await owner.api.post('/v1/chat/completions', CHAT, headers)).status).toBe(200);
      expect((await owner.api.delete(path + id)).status).toBe(204);
      expect((await owner.api.post('/v1/chat/completions', CHAT, headers)).status).toBe(404);
      const ledger = await LedgerReader.open(harness.databaseUrl);
      const rows = await ledger.rows(owner.id);
      await ledger.close();
      expect(rows.filter((row) => row.workspace_id === id)).toHaveLength(1);
      expect((await owner.api.delete(path + id)).status).toBe(404);
      expect((await owner.api.get(`/workspaces?workspace_id=${id}`)).body.items).toEqual([]);
    },
  );

  it('G12: the id of a deleted workspace, under which its ledger stays, is its owners’ alone', async () => {
    const id = await register();
    await owner.api.delete(`/workspaces/${id}`);
    expect((await other.api.post('/workspaces', { workspace_id: id })).status).toBe(409);
    await register(id);
  });

  it('G12: another’s workspace is a 404 over every endpoint that takes its id, and nothing of it changes', async () => {
    const id = await register();
    const calls = [
      () => other.api.delete(`/workspaces/${id}`),
      () => other.api.delete(`/workspace/delete/${id}`),
      () => other.api.get(`/workspaces/${id}/members`),
      () => other.api.post(`/workspaces/${id}/members`, { user_id: other.id, role: 'owner' }),
      () => other.api.delete(`/workspaces/${id}/members/${other.id}`),
      () => other.api.delete(`/workspaces/${id}/members/${owner.id}`),
      () => other.api.get('/me/usage', { 'X-Workspace-Id': id }),
      () => other.api.post('/v1/chat/completions', CHAT, { 'X-Workspace-Id': id }),
    ];
    for (const call of calls)
      expect([call.toString(), (await call()).status]).toEqual([call.toString(), 404]);
    expect((await other.api.get(`/workspaces?workspace_id=${id}`)).body.items).toEqual([]);
    expect((await owner.api.get(`/workspaces/${id}/members`)).body.items).toHaveLength(1);
    expect((await new ApiClient(harness.url).get('/workspaces')).status).toBe(401);
  });

  it('G12: an admin manages every workspace, and calls in the name of none', async () => {
    const id = await register();
    expect((await harness.admin.get('/me/usage', { 'X-Workspace-Id': id })).status).toBe(404);
    expect((await harness.admin.get(`/workspaces/${id}/members`)).status).toBe(200);
    expect((await harness.admin.delete(`/workspaces/${id}`)).status).toBe(204);
  });

  it('a workspace that nobody registered is nobody’s', async () => {
    expect((await owner.api.get('/me/usage', { 'X-Workspace-Id': 'never-registered' })).status).toBe(404);
    expect(await harness.app.get(WorkspaceMembership).has('never-registered', userId(owner.id))).toBe(false);
  });

  it('G15: the audit log tells who registered and who deleted it', async () => {
    const id = await register();
    await owner.api.delete(`/workspaces/${id}?reason=done`);
    const { email } = (await owner.api.get('/me')).body;
    expect(await audited(id)).toEqual([
      { action: 'workspace.delete', before: { name: null }, after: null, by: email },
      { action: 'workspace.register', before: null, after: { name: null, ownerId: owner.id }, by: email },
    ]);
  });
});
