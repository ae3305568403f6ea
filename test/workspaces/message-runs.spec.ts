import { Client } from 'pg';

import { apiKeyId, newReservationId, RateLimitingService, userId } from '../../src/rate-limiting/index.js';
import { MessageLeases } from '../../src/workspaces/messages/message-leases.js';
import { MessageRuns } from '../../src/workspaces/messages/message.runs.js';
import { type ClaimedMessage } from '../../src/workspaces/messages/message.store.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { newQueueBench, type QueueBench } from './message-queue.contract.js';

const BY = { provider: 'simulated', model: 'a-model' };

describe('a run of a message', () => {
  let bench: QueueBench;
  let runs: MessageRuns;
  let table: Client;
  let ledger: LedgerReader;
  let workspace: string;

  beforeAll(async () => {
    bench = await newQueueBench();
    runs = bench.harness.app.get(MessageRuns, { strict: false });
    table = new Client({ connectionString: bench.harness.databaseUrl });
    await table.connect();
    ledger = await LedgerReader.open(bench.harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([table.end(), ledger.close()]);
    await bench.harness.stop();
  });

  beforeEach(async () => {
    workspace = await bench.newWorkspace();
  });

  const publish = async ({
    model,
    json = false,
  }: { model?: string; json?: boolean } = {}): Promise<string> => {
    const { user, messages, harness } = bench;
    const id = newReservationId(harness.clock.now());
    const caller = { userId: userId(user.id), apiKeyId: apiKeyId(user.keyId), workspaceId: workspace };
    const wish = { prompt: 'x', model, responseFormat: json ? ('json' as const) : ('text' as const) };
    const none = { sequenceIndex: null, htmlTag: null, traceparent: null };
    await messages.insert({ id, workspaceId: workspace, caller, wish, ...none });
    return id;
  };

  const claim = async (worker: string, leaseMs = 60_000): Promise<ClaimedMessage> => {
    const reservationId = newReservationId(bench.harness.clock.now());
    const claimed = await bench.messages.claim({ workspaceId: workspace, worker, reservationId, leaseMs });
    if (!claimed) throw new Error('There was nothing to take on.');
    return claimed;
  };

  it('that has lost its message buries no letter of it: the other run tells what came of it', async () => {
    const id = await publish({ model: 'no-such-model' });
    const lost = await claim('one');
    await table.query(`UPDATE message SET stage = 'queued', due_at = now() WHERE id = $1`, [id]);
    const other = await claim('another');
    expect(await runs.run(lost)).toEqual({ fate: 'later', restMs: 0 });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'processing' });
    expect(await runs.run(other)).toEqual({ fate: 'dead', restMs: 0 });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'failed', error: { code: 'not_found' } });
  });

  it('G3: that died after it kept an answer of no use is charged once, and is a try', async () => {
    const id = await publish({ json: true });
    const dead = await claim('one', 0);
    const limiting = bench.harness.app.get(RateLimitingService, { strict: false });
    const estimate = {
      ...{ inputTokens: 5, baseCostNanoUsd: 0, outputCostNanoUsd: 0, priced: true, count: 1 },
      ...BY,
    };
    const asked = { caller: dead.caller, operation: 'llm_call' as const, id: dead.reservationId, estimate };
    const outcome = await limiting.reserve(asked);
    if (outcome.kind === 'denied') throw new Error('There is no limit.');
    await bench.messages.hold(dead, outcome.reservation);
    const usage = { ...BY, inputTokens: 5, outputTokens: 7, costNanoUsd: 11, estimated: false };
    const error = { code: 'provider_failed', message: 'No JSON.' };
    await bench.messages.answer(dead, { result: null, usage, error });

    expect(await runs.run(await claim('another', 0))).toEqual({ fate: 'later', restMs: 0 });
    const put = { stage: 'queued', attempts: 1, usage: null, error };
    expect(await bench.messages.find(id)).toMatchObject(put);
    const rows = () => ledger.rows(bench.user.id);
    expect(await rows()).toMatchObject([{ id: dead.reservationId, total_tokens: '12', cost_nano_usd: '11' }]);
    // Who does not know that it was charged, and has lost it, changes nothing any more.
    expect(await bench.messages.putBack(dead, 0)).toBeUndefined();
    await table.query('UPDATE message SET due_at = now() WHERE id = $1', [id]);
    expect(await runs.run(await claim('a third'))).toMatchObject({ fate: 'ended' });
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'completed', attempts: 2, error: null });
    expect(await rows()).toHaveLength(2);
  });

  it('that does not know that its answer was kept does not throw it away', async () => {
    const id = await publish();
    const run = await claim('one');
    await bench.messages.answer(run, { result: 'kept' });
    expect(await bench.messages.putBack(run, 0)).toBeUndefined();
    expect(await bench.messages.end(run, 'failed')).toBeUndefined();
    expect(await bench.messages.find(id)).toMatchObject({ stage: 'settling', result: 'kept' });
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
