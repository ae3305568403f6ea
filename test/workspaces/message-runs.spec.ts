import { Client } from 'pg';

import { apiKeyId, newReservationId, userId } from '../../src/rate-limiting/index.js';
import { MessageLeases } from '../../src/workspaces/messages/message-leases.js';
import { MessageRuns } from '../../src/workspaces/messages/message.runs.js';
import { type ClaimedMessage } from '../../src/workspaces/messages/message.store.js';
import { until } from '../support/until.js';

import { newQueueBench, type QueueBench } from './message-queue.contract.js';

describe('a run of a message', () => {
  let bench: QueueBench;
  let runs: MessageRuns;
  let table: Client;
  let workspace: string;

  beforeAll(async () => {
    bench = await newQueueBench();
    runs = bench.harness.app.get(MessageRuns, { strict: false });
    table = new Client({ connectionString: bench.harness.databaseUrl });
    await table.connect();
  }, 120_000);

  afterAll(async () => {
    await table.end();
    await bench.harness.stop();
  });

  beforeEach(async () => {
    workspace = await bench.newWorkspace();
  });

  const publish = async (model?: string): Promise<string> => {
    const { user, messages, harness } = bench;
    const id = newReservationId(harness.clock.now());
    const caller = { userId: userId(user.id), apiKeyId: apiKeyId(user.keyId), workspaceId: workspace };
    const wish = { prompt: 'x', model, responseFormat: 'text' as const };
    const none = { sequenceIndex: null, htmlTag: null, traceparent: null };
    await messages.insert({ id, workspaceId: workspace, caller, wish, ...none });
    return id;
  };

  const claim = async (worker: string): Promise<ClaimedMessage> => {
    const reservationId = newReservationId(bench.harness.clock.now());
    const leaseMs = 60_000;
    const claimed = await bench.messages.claim({ workspaceId: workspace, worker, reservationId, leaseMs });
    if (!claimed) throw new Error('There was nothing to take on.');
    return claimed;
  };

  it('that has lost its message buries no letter of it: the other run tells what came of it', async () => {
    const id = await publish('no-such-model');
    const lost = await claim('one');
    await table.query(`UPDATE message SET stage = 'queued', due_at = now() WHERE id = $1`, [id]);
    const other = await claim('another');
    expect(await runs.run(lost)).toEqual({ fate: 'later', restMs: 0 });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'processing' });
    expect(await runs.run(other)).toEqual({ fate: 'dead', restMs: 0 });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'failed', error: { code: 'not_found' } });
  });

  it('that is stopped while its answer cannot be kept was no try', async () => {
    const id = await publish();
    await table.query(LOSES_ANSWERS);
    const running = runs.run(await claim('one'));
    const told = () => bench.harness.log.some((line) => line.includes('cannot be kept yet'));
    await until('it cannot be kept', told);
    bench.harness.app.get(MessageLeases, { strict: false }).abortAll();
    expect(await running).toMatchObject({ fate: 'later' });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'queued', attempts: 0, error: null });
    await table.query('DROP TRIGGER loses_answers ON message');
    await table.query('UPDATE message SET due_at = now() WHERE id = $1', [id]);
    expect(await runs.run(await claim('another'))).toMatchObject({ fate: 'ended' });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'completed', attempts: 1 });
  });
});

/** Whoever writes an answer down loses the connection, and no one else does. */
const LOSES_ANSWERS = `
  CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
  CREATE TRIGGER loses_answers BEFORE UPDATE ON message
  FOR EACH ROW WHEN (NEW.stage = 'settling') EXECUTE FUNCTION lose()`;
