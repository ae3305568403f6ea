import { RateLimitingService, userId } from '../../src/rate-limiting/index.js';
import { type Harness, newHarness } from '../support/harness.js';

describe('whose quota may be reset', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness();
  });

  afterAll(() => harness.stop());

  const reset = (scope: string, id: string) =>
    harness.admin.post('/admin/quotas/reset', { scope, id, reason: 'a test' });

  it.each(['user', 'apiKey', 'workspace'])(
    'no %s that nobody knows, and nothing is written of it',
    async (scope) => {
      const { status, body } = await reset(scope, 'never-heard-of');
      expect([status, body.code]).toEqual([404, 'not_found']);
      expect((await harness.admin.get('/admin/audit?subjectId=never-heard-of')).body.items).toEqual([]);
    },
  );

  it('a workflow of any id: nobody registers one', async () => {
    expect(await reset('workflow', 'never-heard-of')).toMatchObject({ status: 200, body: { subjects: 0 } });
  });

  it('a workspace that is registered, and one that was', async () => {
    await harness.admin.post('/workspaces', { workspace_id: 'acme' });
    expect((await reset('workspace', 'acme')).status).toBe(200);
    expect((await harness.admin.delete('/workspaces/acme')).status).toBe(204);
    expect((await reset('workspace', 'acme')).status).toBe(200);
  });

  it('a workspace that has limits of its own', async () => {
    await harness.admin.put('/admin/limits/workspaces/limited', { rollingTokenLimit: 5 });
    expect((await reset('workspace', 'limited')).status).toBe(200);
  });

  it('a workspace whose members are told elsewhere, as soon as something was used in its name', async () => {
    const user = await harness.newUser();
    const usage = {
      provider: 'x',
      model: 'y',
      inputTokens: 5,
      outputTokens: 2,
      costNanoUsd: 0,
      estimated: false,
    };
    const caller = { userId: userId(user.id), workspaceId: 'kept-elsewhere' };
    await harness.app.get(RateLimitingService).recordUsage({ caller, operation: 'llm_call', usage });
    expect(await reset('workspace', 'kept-elsewhere')).toMatchObject({
      status: 200,
      body: { subjects: 1, tokens: 7 },
    });
  });
});
