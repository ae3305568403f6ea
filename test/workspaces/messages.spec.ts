import { Client } from 'pg';

import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { ended, newWorkspace, publish } from './workspace-app.js';

const MODEL = 'gpt-4o-mini';

describe('messages', () => {
  let harness: Harness;
  let slow: Emulator;
  let ledger: LedgerReader;
  let table: Client;
  let user: TestUser;
  let workspace: string;

  beforeAll(async () => {
    slow = await startEmulator();
    harness = await newHarness({
      upstream: true,
      env: {
        WORKER_LEASE_SEC: '1',
        MESSAGE_RETRY_DELAY_MS: '10',
        MESSAGE_MAX_ATTEMPTS: '3',
        PROVIDER_COOLDOWN_SEC: '0',
        ROUTING_PERMIT_WAIT_MS: '0',
        ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('hex'),
        ...providerAt('slow', slow, { models: 'slow-model', more: { RATE_PER_SEC: '2' } }),
      },
    });
    ledger = await LedgerReader.open(harness.databaseUrl);
    table = new Client({ connectionString: harness.databaseUrl });
    await table.connect();
  }, 120_000);

  afterAll(async () => {
    await Promise.all([ledger.close(), table.end()]);
    await Promise.all([harness.stop(), slow.stop()]);
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser({ monthlyTokenLimit: 1_000_000, monthlyCallLimit: 1_000 });
    workspace = await newWorkspace(user);
  });

  const nothingHeld = async () => {
    const { body } = await user.api.get('/me/usage');
    return body.limits.every(({ reserved }: { reserved: unknown }) => Number(reserved) === 0);
  };

  /** How many messages of the workspace were taken on and put back. */
  const waiting = async (workspaceId = workspace): Promise<number> => {
    const where = `workspace_id = $1 AND stage = 'queued' AND reservation_id IS NOT NULL`;
    return (await table.query(`SELECT FROM message WHERE ${where}`, [workspaceId])).rows.length;
  };

  const thereAre = (count: number) =>
    until(`there are ${count} workers`, async () => {
      const { body } = await user.api.get(`/workers/${workspace}`);
      return body.workers.length === count;
    });

  /** The run that has begun so many tries is silent from now on, as that of a dead process is: another worker takes the message on. */
  const silence = async (id: string, attempts: number): Promise<void> => {
    const taken = async () => {
      const { rows } = await table.query(
        'SELECT FROM message WHERE id = $1 AND (attempts > $2 OR completed_at IS NOT NULL)',
        [id, attempts],
      );
      if (rows.length > 0) return true;
      // Its worker is there and goes on saying so, unlike a dead one.
      await table.query(
        `WITH silent AS (
           UPDATE message SET due_at = now() - interval '1 second' WHERE id = $1 AND attempts = $2 AND completed_at IS NULL
         ) SELECT pg_notify('cuota_changes', $3)`,
        [id, attempts, JSON.stringify({ kind: 'message', id: workspace })],
      );
      return false;
    };
    await until('another takes it on', taken);
  };

  it('is stored at once, answered by a worker, and metered as an llm_call of who published it', async () => {
    const wish = {
      prompt: 'What is the capital of France?',
      content: 'I need to know.',
      system_prompt: 'You are a helpful assistant.',
      model: MODEL,
      sequence_index: 1,
      html_tag: 'p',
    };
    const accepted = await user.api.post('/messages', { ...wish, workspace_id: workspace });
    expect([accepted.status, accepted.body]).toEqual([
      202,
      { message_id: expect.any(String), status: 'queued' },
    ]);
    const id = String(accepted.body.message_id);
    expect(accepted.headers.get('location')).toBe(`/messages/${id}`);
    const message = await ended(user.api, id);
    expect(message).toMatchObject({
      ...{ message_id: id, workspace_id: workspace, status: 'completed', error: null, attempts: 1 },
      ...{ sequence_index: 1, html_tag: 'p', result: expect.stringContaining('one two') },
      usage: { provider: 'upstream', model: MODEL, output_tokens: 12, estimated: false },
    });
    expect(harness.emulator.requests.map(({ body }) => body.messages)).toEqual([
      [
        { role: 'system', content: 'You are a helpful assistant.' },
        { role: 'user', content: 'What is the capital of France?\n\nI need to know.' },
      ],
    ]);
    const [row, ...more] = await ledger.rows(user.id);
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      ...{ id: message.usage.usage_id, user_id: user.id, api_key_id: user.keyId, workspace_id: workspace },
      ...{ operation: 'llm_call', status: 'settled', metadata: { messageId: id } },
    });
    expect(await nothingHeld()).toBe(true);
  });

  it('is published and read under the other paths too', async () => {
    const { status, body } = await user.api.post('/message/publish', {
      prompt: 'x',
      workspace_id: workspace,
    });
    expect(status).toBe(202);
    await ended(user.api, body.message_id);
    expect((await user.api.get(`/message/${String(body.message_id)}`)).body.status).toBe('completed');
  });

  it('G11: what was delivered is never free: JSON that is none is charged, and asked for again', async () => {
    harness.emulator.next({ text: 'Here you are: {}' }, { text: '{"capital": "Paris"}' });
    const id = await publish(user.api, workspace, { response_format: 'json' });
    const message = await ended(user.api, id);
    expect(message).toMatchObject({ attempts: 2, result: { capital: 'Paris' }, error: null });
    expect(harness.emulator.requests[0]?.body.response_format).toEqual({ type: 'json_object' });
    const rows = await ledger.rows(user.id);
    expect(rows).toMatchObject([1, 2].map(() => ({ status: 'settled', metadata: { messageId: id } })));
    expect(rows.map((row) => row.id)).toContain(message.usage.usage_id);

    harness.emulator.always({ text: 'No.' });
    const failed = await ended(user.api, await publish(user.api, workspace, { response_format: 'json' }));
    expect(failed).toMatchObject({ status: 'failed', attempts: 3, result: null });
    expect(failed.error).toMatchObject({ code: 'provider_failed', message: expect.stringContaining('JSON') });
    expect(failed.usage).toMatchObject({ provider: 'upstream' });
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 5, calls: 5 });
    expect(await nothingHeld()).toBe(true);
  });

  it('is tried again after a failure; one that fails each time has failed, and costs nothing', async () => {
    harness.emulator.next({ status: 500 }, { status: 500 });
    const lucky = await publish(user.api, workspace);
    expect(await ended(user.api, lucky)).toMatchObject({ status: 'completed', attempts: 3, error: null });
    harness.emulator.always({ status: 500 });
    const doomed = await publish(user.api, workspace);
    expect(await ended(user.api, doomed)).toMatchObject({
      ...{ status: 'failed', attempts: 3, result: null, usage: null },
      error: { code: 'provider_failed', message: expect.stringContaining('upstream') },
    });
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 1 });
    expect(await nothingHeld()).toBe(true);
  });

  it('is not tried again where its own fault is told', async () => {
    harness.emulator.next({ status: 400 });
    const id = await publish(user.api, workspace);
    expect(await ended(user.api, id)).toMatchObject({ attempts: 1, error: { code: 'validation_failed' } });
  });

  it('G13: a quota without room fails it at once, and says which', async () => {
    const poor = await harness.newUser({ monthlyCallLimit: 1 });
    const own = await newWorkspace(poor);
    await ended(poor.api, await publish(poor.api, own));
    const denied = await ended(poor.api, await publish(poor.api, own));
    expect(denied).toMatchObject({
      ...{ status: 'failed', attempts: 1, usage: null },
      error: { code: 'quota_exceeded', limits: [{ name: 'user.month.calls', max: 1, used: 1 }] },
    });
    expect(harness.emulator.requests).toHaveLength(1);

    // G12: what is left of a user's limits is no business of other members.
    await poor.api.post(`/workspaces/${own}/members`, { user_id: user.id });
    const read = async ({ api }: Pick<TestUser, 'api'>) =>
      (await api.get(`/messages/${denied.message_id}`)).body.error;
    expect(await read({ api: harness.admin })).toEqual(denied.error);
    const message = 'Who published this had no room left in a limit.';
    expect(await read(user)).toEqual({ code: 'quota_exceeded', message });
  });

  it('a quota that calls in flight hold is waited for', async () => {
    const tight = await harness.newUser({ monthlyTokenLimit: 6_000 });
    const own = await newWorkspace(tight);
    await tight.api.post(`/workers/scale/${own}`, { count: 2 });
    harness.emulator.hold();
    const ids = [await publish(tight.api, own), await publish(tight.api, own)];
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await until('the other waits', async () => (await waiting(own)) === 1);
    harness.emulator.release();
    for (const id of ids)
      expect(await ended(tight.api, id)).toMatchObject({ status: 'completed', attempts: 1 });
  });

  it('waits its turn at a provider whose permits are spent, and burns no try', async () => {
    const before = slow.requests.length;
    const asked = () => slow.requests.length - before;
    const ids: string[] = [];
    for (let at = 0; at < 4; at++) ids.push(await publish(user.api, workspace, { model: 'slow-model' }));
    // Two a second, and the clock stands still: each half a second lets one more through.
    for (const count of [2, 3]) {
      await until('the next one waits', async () => asked() === count && (await waiting()) > 0);
      harness.clock.advance(500);
      await until('one more is asked', () => asked() === count + 1);
    }
    for (const id of ids)
      expect(await ended(user.api, id)).toMatchObject({ status: 'completed', attempts: 1 });
  });

  it('goes with the workspace’s own key, in the rate that the key has', async () => {
    const key = { name: 'upstream', api_key: 'sk-own-of-the-workspace', rate_limit: 2, rate_limit_period: 1 };
    const own = await newWorkspace(user, { providers: [key] });
    await user.api.post(`/workers/scale/${own}`, { count: 4 });
    const ids: string[] = [];
    for (let at = 0; at < 4; at++) ids.push(await publish(user.api, own));
    // Two a second, and the clock stands still: each half a second lets one more through, however many workers there are.
    for (const count of [2, 3]) {
      const asked = () => harness.emulator.requests.length === count;
      await until('the others wait', async () => (await waiting(own)) === 4 - count && asked());
      harness.clock.advance(500);
      await until('one more is asked', () => harness.emulator.requests.length === count + 1);
    }
    for (const id of ids)
      expect(await ended(user.api, id)).toMatchObject({ status: 'completed', attempts: 1 });
    const keys = new Set(harness.emulator.requests.map(({ headers }) => headers.authorization));
    expect([...keys]).toEqual(['Bearer sk-own-of-the-workspace']);
  });

  it('G12: another’s workspace and its messages are a 404', async () => {
    const stranger = await harness.newUser();
    const id = await publish(user.api, workspace);
    const asked = [
      stranger.api.post('/messages', { prompt: 'x', workspace_id: workspace }),
      stranger.api.get(`/messages/${id}`),
      stranger.api.get(`/messages?workspace_id=${workspace}`),
      user.api.post('/messages', { prompt: 'x', workspace_id: 'no-such-workspace' }),
      user.api.get('/messages/no-such-message'),
      user.api.post('/messages', { prompt: 'x', workspace_id: workspace, model: 'no-such-model' }),
    ];
    for (const { status, body } of await Promise.all(asked))
      expect([status, body.code]).toEqual([404, 'not_found']);
    // An admin may look into any, and calls in the name of none.
    expect((await harness.admin.get(`/messages/${id}`)).status).toBe(200);
    expect((await harness.admin.post('/messages', { prompt: 'x', workspace_id: workspace })).status).toBe(
      404,
    );
    await ended(user.api, id);
    expect(await ledger.rows(stranger.id)).toEqual([]);
  });

  it.each([
    ['nothing', {}],
    ['an empty prompt', { prompt: '' }],
    ['a prompt that is no text', { prompt: ['x'] }],
    ['a NUL', { prompt: 'a\0b' }],
    ['half a character', { prompt: 'a\ud800b' }],
    ['a workspace that is none', { prompt: 'x', workspace_id: '\n' }],
    ['another format', { prompt: 'x', response_format: 'xml' }],
    ['an index that is no number', { prompt: 'x', sequence_index: 'first' }],
    ['an index out of range', { prompt: 'x', sequence_index: 2 ** 31 }],
    ['an unknown field', { prompt: 'x', colour: 'red' }],
  ])('refuses %s, and stores nothing', async (_what, body) => {
    const answer = await user.api.post('/messages', { workspace_id: workspace, ...body });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect((await user.api.get(`/messages?workspace_id=${workspace}`)).body.items).toEqual([]);
  });

  it('G10: the same Idempotency-Key is one message', async () => {
    const headers = { 'idempotency-key': `key-of-${user.id}` };
    const body = { prompt: 'x', workspace_id: workspace };
    const first = await user.api.post('/messages', body, headers);
    const again = await user.api.post('/messages', body, headers);
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    await ended(user.api, first.body.message_id);
    // Where the answer was not kept, the request is known by the message that it has left.
    const { rows } = await table.query<{ usage_id: string }>(
      'SELECT usage_id FROM idempotency_key WHERE user_id = $1',
      [user.id],
    );
    expect(rows).toEqual([{ usage_id: first.body.message_id }]);
    expect((await user.api.get(`/messages?workspace_id=${workspace}`)).body.items).toHaveLength(1);
    expect(harness.emulator.requests).toHaveLength(1);
  });

  it('lists those of a workspace, the newest first, by status and page by page', async () => {
    harness.emulator.next({}, {}, { status: 400 });
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) {
      ids.push(await publish(user.api, workspace));
      await ended(user.api, ids.at(-1) ?? '');
    }
    const list = async (query: string) =>
      (await user.api.get(`/messages?workspace_id=${workspace}${query}`)).body;
    const idsOf = ({ items }: { items: { message_id: string }[] }) =>
      items.map(({ message_id }) => message_id);
    const first = await list('&limit=2');
    expect(idsOf(first)).toEqual([ids[2], ids[1]]);
    expect(idsOf(await list(`&limit=2&cursor=${String(first.nextCursor)}`))).toEqual([ids[0]]);
    expect(idsOf(await list('&status=failed'))).toEqual([ids[2]]);
    expect(first.items[1]).toEqual((await user.api.get(`/messages/${String(ids[1])}`)).body);
  });

  it('a call that outlasts a lease is left alone while its worker says that it works', async () => {
    await user.api.post(`/workers/scale/${workspace}`, { count: 2 });
    await thereAre(2);
    harness.emulator.hold();
    const id = await publish(user.api, workspace);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await table.query('CREATE TEMP TABLE IF NOT EXISTS seen (id text, due_at timestamptz)');
    await table.query('INSERT INTO seen SELECT id, due_at FROM message WHERE id = $1', [id]);
    const outlasted = async () => {
      const { rows } = await table.query(
        `SELECT FROM message m JOIN seen USING (id) WHERE id = $1 AND now() > seen.due_at + interval '200 milliseconds'`,
        [id],
      );
      return rows.length === 1;
    };
    await until('a lease is over', outlasted);
    harness.emulator.release();
    expect(await ended(user.api, id)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(harness.emulator.requests).toHaveLength(1);
  });

  it('goes with its workspace, and costs nothing then', async () => {
    harness.emulator.hold();
    const id = await publish(user.api, workspace);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    expect((await user.api.delete(`/workspaces/${workspace}`)).status).toBe(204);
    expect((await user.api.get(`/messages/${id}`)).status).toBe(404);
    harness.emulator.release();
    await until('nothing is held', nothingHeld);
    expect(await ledger.rows(user.id)).toEqual([]);
  });

  describe('G3: whichever process dies, and whenever', () => {
    beforeEach(async () => {
      await user.api.post(`/workers/scale/${workspace}`, { count: 4 });
      await thereAre(4);
    });

    it('after the claim, or after the reserve: another goes on when the lease is over, and gives back what was held', async () => {
      harness.emulator.hold();
      const id = await publish(user.api, workspace);
      await harness.emulator.until(({ inFlight }) => inFlight === 1);
      await silence(id, 1);
      await harness.emulator.until(({ requests }) => requests.length === 2);
      // Who is taken for dead and is not hears of it, and stops.
      await harness.emulator.until(({ requests }) => requests[0]?.abortedAt !== undefined);
      harness.emulator.release();
      const message = await ended(user.api, id);
      expect(message).toMatchObject({ status: 'completed', attempts: 2 });
      await until('nothing is held', nothingHeld);
      expect((await ledger.rows(user.id)).map((row) => row.id)).toEqual([message.usage.usage_id]);
    });

    it('after the answer was kept, before it was charged: it is charged once, and not asked for again', async () => {
      harness.emulator.hold();
      const id = await publish(user.api, workspace);
      await harness.emulator.until(({ inFlight }) => inFlight === 1);
      const usage = JSON.stringify({
        ...{ provider: 'upstream', model: MODEL, inputTokens: 5, outputTokens: 7 },
        ...{ costNanoUsd: 11, estimated: false },
      });
      await table.query(`UPDATE message SET stage = 'settling', result = 'kept', usage = $2 WHERE id = $1`, [
        id,
        usage,
      ]);
      await silence(id, 1);
      const message = await ended(user.api, id);
      expect(message).toMatchObject({ result: 'kept', attempts: 1, usage: { total_tokens: 12 } });
      harness.emulator.release();
      await until('nothing is held', nothingHeld);
      expect(harness.emulator.requests).toHaveLength(1);
      expect(await ledger.ledger(user.id)).toMatchObject({ rows: 1, tokens: 12, cost: 11 });
    });

    it('after it was charged, before that was written: it is charged once', async () => {
      harness.emulator.hold();
      const id = await publish(user.api, workspace);
      await harness.emulator.until(({ inFlight }) => inFlight === 1);
      const { rows } = await table.query<{ reservation: unknown }>(
        'SELECT reservation FROM message WHERE id = $1',
        [id],
      );
      harness.emulator.release();
      const first = await ended(user.api, id);
      const reservation = JSON.stringify(rows[0]?.reservation);
      await table.query(
        `UPDATE message SET stage = 'settling', completed_at = NULL, due_at = now(), reservation = $2 WHERE id = $1`,
        [id, reservation],
      );
      expect(await ended(user.api, id)).toMatchObject({
        usage: first.usage,
        result: first.result,
        attempts: 1,
      });
      expect(harness.emulator.requests).toHaveLength(1);
      expect(await ledger.ledger(user.id)).toMatchObject({ rows: 1, calls: 1 });
      const { limits } = (await user.api.get('/me/usage')).body;
      expect(limits.find(({ name }: { name: string }) => name === 'user.month.calls')).toMatchObject({
        used: 1,
        reserved: 0,
      });
    });

    it('each time: it has failed after its last try', async () => {
      harness.emulator.hold();
      const id = await publish(user.api, workspace);
      for (let run = 1; run <= 3; run++) {
        await harness.emulator.until(({ requests }) => requests.length === run);
        await silence(id, run);
      }
      expect(await ended(user.api, id)).toMatchObject({
        status: 'failed',
        error: { code: 'internal_error' },
      });
      harness.emulator.release();
      await until('nothing is held', nothingHeld);
      expect(await ledger.rows(user.id)).toEqual([]);
    });
  });
});
