import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

describe('whom a call is charged to', () => {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness();
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  it('names the workflow of X-Workflow-Id in the ledger, and none without it', async () => {
    const user = await harness.newUser();
    const headers = { 'X-Workflow-Id': 'nightly/report 7' };
    expect((await user.api.post('/generate/script', { topic: 'sea' }, headers)).status).toBe(200);
    expect((await user.api.post('/generate/script', { topic: 'sea' })).status).toBe(200);
    const rows = await ledger.rows(user.id);
    expect(rows.map((row) => row.workflow_id)).toEqual(['nightly/report 7', null]);
  });

  it('G12: does not know a workspace that is not the caller’s, and charges nothing', async () => {
    const user = await harness.newUser();
    const answer = await user.api.post('/generate/script', { topic: 'sea' }, { 'X-Workspace-Id': 'acme' });
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    expect(await ledger.rows(user.id)).toEqual([]);
  });

  it.each([['X-Workspace-Id'], ['X-Workflow-Id']])('refuses what is no id in %s', async (header) => {
    const user = await harness.newUser();
    for (const id of ['', 'x'.repeat(129), 'Schlüssel']) {
      const answer = await user.api.post('/generate/script', { topic: 'sea' }, { [header]: id });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, header]);
    }
  });

  it('answers who is not known with 401, whatever is named', async () => {
    const answer = await new ApiClient(harness.url).get('/me', { 'X-Workspace-Id': 'acme' });
    expect(answer.status).toBe(401);
  });
});
