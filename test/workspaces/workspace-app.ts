import { type ApiAnswer, type ApiClient } from '../support/api-client.js';
import { type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

/** A workspace of a user's own. */
export async function newWorkspace({ api }: Pick<TestUser, 'api'>, more: object = {}): Promise<string> {
  const { status, body } = await api.post('/workspaces', more);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return String(body.workspace_id);
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
