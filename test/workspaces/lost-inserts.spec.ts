import { Client } from 'pg';

import { newReservationId } from '../../src/rate-limiting/index.js';
import { MessageStore } from '../../src/workspaces/messages/message.store.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

import { newWorkspace } from './workspace-app.js';

const LOCK = 4711;

describe('a message whose insert is not answered', () => {
  let postgres: TestPostgres;
  let proxy: TcpProxy;
  let harness: Harness;
  let table: Client;
  let user: TestUser;
  let workspace: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    proxy = await startTcpProxy(postgres.port);
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    harness = await newHarness({ env: { DATABASE_URL: url.href, WORKERS_IN_SERVER: 'false' } });
    table = new Client({ connectionString: postgres.url });
    await table.connect();
    await table.query(SLOW_INSERTS);
    user = await harness.newUser();
  }, 120_000);

  afterAll(async () => {
    await table.end();
    await harness.stop();
    await proxy.stop();
    await postgres.stop();
  });

  beforeEach(async () => {
    workspace = await newWorkspace(user);
    await table.query('SELECT pg_advisory_lock($1)', [LOCK]);
  });

  afterEach(() => {
    proxy.open();
  });

  const insertsUnderWay = async (granted: boolean) => {
    const where = `locktype = 'advisory' AND objid = $1 AND granted = $2 AND pid <> pg_backend_pid()`;
    return (await table.query(`SELECT FROM pg_locks WHERE ${where}`, [LOCK, granted])).rows.length;
  };

  /** Publishes, and loses the connection while the server is at the insert. */
  const publishLosing = async (closing: boolean) => {
    const answer = user.api.post('/messages', { prompt: 'late', workspace_id: workspace });
    await until('the insert is under way', async () => (await insertsUnderWay(false)) === 1);
    proxy.cut({ closing });
    return await answer;
  };

  const finishInsert = async () => {
    await table.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    const over = async () => (await insertsUnderWay(false)) + (await insertsUnderWay(true)) === 0;
    await until('the insert is over', over);
  };

  const rows = async () =>
    (await table.query('SELECT stage, attempts FROM message WHERE workspace_id = $1', [workspace])).rows;

  it('G3: is not stored later either, when its publisher was told that it was not', async () => {
    const answer = await publishLosing(false);
    expect([answer.status, answer.body.code]).toEqual([503, 'store_unavailable']);
    await finishInsert();
    await until('it has failed', async () => (await rows())[0]?.stage === 'failed');
    expect(await rows()).toEqual([{ stage: 'failed', attempts: 0 }]);
    const listed = async () => (await user.api.get(`/messages?workspace_id=${workspace}`)).status === 200;
    await until('the database is there again', listed);
    expect((await user.api.get(`/messages?workspace_id=${workspace}`)).body.items).toMatchObject([
      { status: 'failed', usage: null, error: { code: 'store_unavailable' } },
    ]);
  });

  it('is withdrawn when the database is there again', async () => {
    expect((await publishLosing(true)).status).toBe(503);
    await finishInsert();
    expect(await rows()).toEqual([{ stage: 'queued', attempts: 0 }]);
    proxy.open();
    await until('it is withdrawn', async () => (await rows())[0]?.stage === 'failed');
  });

  it('stays where a worker has taken it: then its publisher is told that it was stored', async () => {
    await table.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    const messages = harness.app.get(MessageStore, { strict: false });
    const id = newReservationId(harness.clock.now());
    const wish = { prompt: 'x', responseFormat: 'text' as const };
    const none = { sequenceIndex: null, htmlTag: null, traceparent: null };
    const message = { id, workspaceId: workspace, caller: {}, wish, ...none };
    expect(await messages.withdraw(message)).toBe('withdrawn');
    expect(await messages.withdraw(message)).toBe('withdrawn');
    // As a request under an Idempotency-Key it may be made anew.
    expect(await messages.fatesOf([id], 1_000)).toEqual(new Map());
    await table.query(`UPDATE message SET reservation_id = 'a run', stage = 'processing' WHERE id = $1`, [
      id,
    ]);
    expect(await messages.withdraw(message)).toBe('taken');
    expect(await rows()).toEqual([{ stage: 'processing', attempts: 0 }]);
  });
});

const SLOW_INSERTS = `
  CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NEW; END $$;
  CREATE TRIGGER slow_inserts BEFORE INSERT ON message
  FOR EACH ROW WHEN (NEW.stage = 'queued' AND NEW.wish ->> 'prompt' = 'late') EXECUTE FUNCTION wait_for_lock()`;
