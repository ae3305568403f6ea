import { randomUUID } from 'node:crypto';

import { Client } from 'pg';

import { type ApiAnswer, type ApiClient } from '../support/api-client.js';
import { type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

/** A workspace of a user's own. */
export async function newWorkspace(databaseUrl: string, { id }: TestUser): Promise<string> {
  const workspaceId = randomUUID();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const row = {
    id: workspaceId,
    workspace_id: workspaceId,
    user_id: id,
    role: 'owner',
    created_at: new Date(),
  };
  for (const table of ['workspaces', 'workspace_members']) {
    const values = `SELECT row.* FROM jsonb_populate_record(NULL::${table}, $1) AS row`;
    await client.query(`INSERT INTO ${table} ${values}`, [row]);
  }
  const told = JSON.stringify({ kind: 'workers', id: workspaceId });
  await client.query(`SELECT pg_notify('cuota_changes', $1)`, [told]);
  await client.end();
  return workspaceId;
}

/** Publishes a message; its id. */
export async function publish(api: ApiClient, workspaceId: string, more: object = {}): Promise<string> {
  const answer = await api.post('/messages', {
    prompt: 'Say it.',
    model: 'gpt-4o-mini',
    workspace_id: workspaceId,
    ...more,
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return String(answer.body.message_id);
}

/** What a message came to. */
export async function ended(api: ApiClient, id: string, timeoutMs?: number): Promise<ApiAnswer['body']> {
  let body: ApiAnswer['body'];
  await until(
    `the message ${id} ends`,
    async () => {
      body = (await api.get(`/messages/${id}`)).body;
      return body.status === 'completed' || body.status === 'failed';
    },
    timeoutMs,
  );
  return body;
}
