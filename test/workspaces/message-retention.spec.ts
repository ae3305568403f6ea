import { DataSource } from 'typeorm';

import { MessageRetention } from '../../src/workspaces/messages/message-retention.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

import { ended, newWorkspace, publish } from './workspace-app.js';

describe('how long messages are kept', () => {
  let harness: Harness;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: { MESSAGE_RETENTION_DAYS: '7' } });
    user = await harness.newUser();
  }, 60_000);

  afterAll(() => harness.stop());

  it('those that ended longer ago go, in batches; those that wait, and younger ones, stay', async () => {
    const workspace = await newWorkspace(user);
    const old = await publish(user.api, workspace);
    await ended(user.api, old);
    const young = await publish(user.api, workspace);
    await ended(user.api, young);
    await user.api.post(`/workers/scale/${workspace}`, { count: 0 });
    const waits = await publish(user.api, workspace);
    const { manager } = harness.app.get(DataSource, { strict: false });
    await manager.query(
      `UPDATE message SET created_at = now() - interval '8 days',
         completed_at = CASE WHEN completed_at IS NOT NULL THEN now() - interval '8 days' END
       WHERE id = ANY ($1)`,
      [[old, waits]],
    );
    await manager.query(
      `INSERT INTO message (id, workspace_id, caller, wish, stage, completed_at)
       SELECT 'old-' || n, $1, '{}', '{}', 'failed', now() - interval '9 days' FROM generate_series(1, 1200) n`,
      [workspace],
    );

    const retention = harness.app.get(MessageRetention, { strict: false });
    expect(await retention.run()).toBe(1_201);
    expect(await retention.run()).toBe(0);
    const statuses = [old, young, waits].map(async (id) => (await user.api.get(`/messages/${id}`)).status);
    expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
  });
});
