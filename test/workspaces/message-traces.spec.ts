import { stopTracing } from '../../src/observability/index.js';
import { type CollectedSpan, type Collector, startCollector, treeBelow } from '../support/collector.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';

import { ended, newWorkspace } from './workspace-app.js';

const CALLER_SPAN = '00f067aa0ba902b7';
const SECRET = 'the secret plans of the sea';
const TRY = { llm_call: [{ reserve: [] }, { provider: [] }, { settle: [] }] };

describe('traces of messages', () => {
  let harness: Harness;
  let collector: Collector;
  let user: TestUser;
  let workspace: string;

  beforeAll(async () => {
    process.env.OTEL_BSP_SCHEDULE_DELAY = '20';
    collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      WORKER_LEASE_SEC: '1',
      MESSAGE_RETRY_DELAY_MS: '10',
    };
    harness = await newHarness({ upstream: true, env });
    user = await harness.newUser();
    workspace = await newWorkspace(user);
  }, 120_000);

  afterAll(async () => {
    delete process.env.OTEL_BSP_SCHEDULE_DELAY;
    await stopTracing();
    await Promise.all([harness.stop(), collector.stop()]);
  });

  async function traced(traceId: string, spans: number): Promise<{ id: string; spans: CollectedSpan[] }> {
    const body = { prompt: SECRET, workspace_id: workspace, model: 'gpt-4o-mini' };
    const headers = { traceparent: `00-${traceId}-${CALLER_SPAN}-01` };
    const { body: accepted } = await user.api.post('/messages', body, headers);
    await ended(user.api, accepted.message_id);
    return { id: String(accepted.message_id), spans: await collector.waitFor(traceId, spans) };
  }

  it('a message is one tree, in the trace of who published it: HTTP, publish, worker, reserve, provider, settle', async () => {
    const { id, spans } = await traced('a'.repeat(32), 7);
    expect(treeBelow(CALLER_SPAN, spans)).toEqual([
      { 'POST /messages': [{ publish: [{ message: [TRY] }] }] },
    ]);
    const attributes = (name: string) => spans.find((span) => span.name === name)?.attributes;
    expect(attributes('publish')).toMatchObject({ 'cuota.message_id': id });
    expect(attributes('message')).toMatchObject({ 'cuota.message_id': id, 'cuota.message_attempt': 1 });
    expect(attributes('llm_call')).toMatchObject({ 'llm.tenant_id': workspace, 'cuota.status': 'settled' });
    expect(JSON.stringify(spans)).not.toContain(SECRET);
  });

  it('each try is a branch of it', async () => {
    harness.emulator.next({ status: 500 });
    const { spans } = await traced('b'.repeat(32), 11);
    const failed = { message: [{ llm_call: [{ reserve: [] }, { provider: [] }] }] };
    expect(treeBelow(CALLER_SPAN, spans)).toEqual([
      { 'POST /messages': [{ publish: [failed, { message: [TRY] }] }] },
    ]);
  });
});
