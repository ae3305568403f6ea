import { type Harness, newHarness } from '../support/harness.js';

describe('the limits of workspaces and workflows', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness();
  });

  afterAll(() => harness.stop());

  it('G15: a workspace’s and a workflow’s limits are set, shown, logged with the reason, and taken away', async () => {
    for (const kind of ['workspace', 'workflow']) {
      const path = `/admin/limits/${kind}s/${encodeURIComponent(`some ${kind}/${'x'.repeat(100)}`)}`;
      expect((await harness.admin.get(path)).status).toBe(404);
      const put = await harness.admin.put(`${path}?reason=a+pilot`, {
        rollingTokenLimit: 7,
        enforcement: 'hard',
      });
      expect(put.body).toMatchObject({
        subject: { kind, id: `some ${kind}/${'x'.repeat(100)}` },
        rollingTokenLimit: 7,
        enforcement: 'hard',
        isActive: true,
      });
      expect((await harness.admin.get(path)).body).toEqual(put.body);
      expect((await harness.admin.delete(path)).status).toBe(204);
      expect((await harness.admin.delete(path)).status).toBe(404);
      const { body } = await harness.admin.get(`/admin/audit?subjectKind=${kind}`);
      expect(body.items.slice(0, 2)).toMatchObject([
        { action: 'limits.delete', before: { rollingTokenLimit: 7 }, after: null },
        { action: 'limits.put', before: null, after: { rollingTokenLimit: 7 }, reason: 'a pilot' },
      ]);
    }
  });

  it('refuses what a workspace has no use for, and whoever is no admin', async () => {
    const path = '/admin/limits/workspaces/acme';
    const refused = await harness.admin.put(path, { monthlyCallLimit: 5, rollingTokenLimit: 5 });
    expect([refused.status, refused.body.errors]).toMatchObject([400, [{ path: 'monthlyCallLimit' }]]);
    const user = await harness.newUser();
    expect((await user.api.put(path, { rollingTokenLimit: 0 })).status).toBe(403);
  });

  it('refuses a rolling limit of an API key, since no window of it is counted', async () => {
    const { body } = await harness.admin.post(`/admin/users/${(await harness.newUser()).id}/api-keys`, {
      name: 'k',
    });
    const path = `/admin/limits/api-keys/${body.id}`;
    const refused = await harness.admin.put(path, { rollingTokenLimit: 5 });
    expect([refused.status, refused.body.errors]).toMatchObject([400, [{ path: 'rollingTokenLimit' }]]);
    expect((await harness.admin.put(path, { rollingTokenLimit: null })).status).toBe(200);
  });
});
