import { stopTracing } from '../../src/observability/index.js';
import { userId } from '../../src/rate-limiting/domain/ids.js';
import { RateLimitingService } from '../../src/rate-limiting/index.js';
import { type CollectedSpan, type Collector, startCollector, treeBelow } from '../support/collector.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

const CALLER_SPAN = '00f067aa0ba902b7';
const PROMPT = 'the secret plans of the sea';
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: PROMPT }], max_tokens: 50 };
const TREE = [{ llm_call: [{ reserve: [] }, { provider: [] }, { settle: [] }] }];

let traces = 0;
const newTraceId = () => (++traces).toString(16).padStart(32, 'a');

describe('traces', () => {
  let harness: Harness;
  let second: Emulator;
  let collector: Collector;
  let user: TestUser;

  beforeAll(async () => {
    process.env.OTEL_BSP_SCHEDULE_DELAY = '20';
    [collector, second] = await Promise.all([startCollector(), startEmulator()]);
    harness = await newHarness({
      upstream: true,
      env: {
        ...providerAt('second', second, { models: 'gpt-4o-mini' }),
        PROVIDER_ORDER: 'upstream,second',
        PROVIDER_UPSTREAM_RATE_PER_SEC: '50',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
    });
  }, 120_000);

  afterAll(async () => {
    delete process.env.OTEL_BSP_SCHEDULE_DELAY;
    await stopTracing();
    await Promise.all([harness.stop(), second.stop(), collector.stop()]);
  });

  beforeEach(async () => {
    user = await harness.newUser();
  });

  async function traced(
    body: object,
    { headers = {}, spans = 5 }: { headers?: Record<string, string>; spans?: number } = {},
  ) {
    const traceId = newTraceId();
    const answer = await user.api.post('/v1/chat/completions', body, {
      traceparent: `00-${traceId}-${CALLER_SPAN}-01`,
      ...headers,
    });
    return { traceId, answer, spans: await collector.waitFor(traceId, spans) };
  }

  const named = (spans: readonly CollectedSpan[], name: string) => spans.find((span) => span.name === name);

  it('one call is one tree, in the trace of its caller: HTTP, reserve, provider, settle', async () => {
    const { answer, spans } = await traced(CHAT, { headers: { 'x-workflow-id': 'nightly' } });
    expect(answer.status).toBe(200);
    expect(treeBelow(CALLER_SPAN, spans)).toEqual([{ 'POST /v1/chat/completions': TREE }]);
    expect(collector.resource()).toMatchObject({ 'service.name': 'cuota' });
    const usageId = answer.headers.get('x-usage-id');
    expect(named(spans, 'POST /v1/chat/completions')?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'cuota.request_id': answer.headers.get('x-request-id'),
      'cuota.usage_id': usageId,
    });
    expect(named(spans, 'llm_call')?.attributes).toMatchObject({
      'llm.workflow_id': 'nightly',
      'llm.tokens_estimate': expect.any(Number),
      'llm.ratelimit_acquired': true,
      'llm.ratelimit_provider': 'upstream',
      'llm.ratelimit_wait_ms': 0,
      'llm.quota.allowed': true,
      'llm.quota.remaining': expect.any(Number),
      'llm.routed_to': 'upstream',
      'llm.failover_attempts': 0,
      'llm.rate_limited': false,
      'llm.success': true,
      'cuota.usage_id': usageId,
      'cuota.status': 'settled',
    });
    expect(spans.some(({ failed }) => failed)).toBe(false);
  });

  it('the line in the log of a request leads to its trace and to its row', async () => {
    const { answer, traceId } = await traced(CHAT);
    const usageId = answer.headers.get('x-usage-id');
    const line = () => harness.log.find((one) => one.includes(traceId) && one.includes('"msg":"request"'));
    await until('the line of the request', () => line() !== undefined);
    expect(JSON.parse(line() ?? '')).toMatchObject({ route: '/v1/chat/completions', usageId, traceId });
  });

  it('a stream is one tree too, and its settlement is in it', async () => {
    const traceId = newTraceId();
    const headers = { traceparent: `00-${traceId}-${CALLER_SPAN}-01` };
    const response = await user.api.open('/v1/chat/completions', { ...CHAT, stream: true }, { headers });
    expect(await response.text()).toContain('[DONE]');
    const spans = await collector.waitFor(traceId, 5);
    expect(treeBelow(CALLER_SPAN, spans)).toEqual([{ 'POST /v1/chat/completions': TREE }]);
    expect(named(spans, 'llm_call')?.attributes).toMatchObject({
      'llm.success': true,
      'llm.routed_to': 'upstream',
    });
  });

  it('tells whom a call went to, and that it was gone on from who failed', async () => {
    harness.emulator.next({ status: 429 });
    const { answer, spans } = await traced(CHAT, { spans: 6 });
    expect(answer.headers.get('x-cuota-provider')).toBe('second');
    const providers = spans.filter(({ name }) => name === 'provider');
    expect(providers.map((one) => [one.attributes['llm.ratelimit_provider'], one.failed])).toEqual([
      ['upstream', true],
      ['second', false],
    ]);
    expect(named(spans, 'llm_call')?.attributes).toMatchObject({
      'llm.routed_to': 'second',
      'llm.failover_attempts': 1,
      'llm.rate_limited': true,
      'llm.success': true,
    });
    harness.clock.advance(3_600_000);
  });

  it('a denied call says which limit, and never reached a provider', async () => {
    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyTokenLimit: 5 });
    const { answer, spans } = await traced(CHAT, { spans: 3 });
    expect(answer.status).toBe(429);
    expect(treeBelow(CALLER_SPAN, spans)).toEqual([
      { 'POST /v1/chat/completions': [{ llm_call: [{ reserve: [] }] }] },
    ]);
    const call = named(spans, 'llm_call');
    expect(call?.failed).toBe(true);
    expect(call?.attributes).toMatchObject({
      'llm.quota.allowed': false,
      'llm.success': false,
      'cuota.limits_exceeded': ['user.month.tokens'],
      'error.type': 'quota_exceeded',
    });
  });

  it('names the tenant that a call is of', async () => {
    const before = collector.received.length;
    const service = harness.app.get(RateLimitingService, { strict: false });
    const outcome = await service.reserve({
      caller: { userId: userId(user.id), workspaceId: 'acme' },
      operation: 'llm_call',
      estimate: {
        inputTokens: 7,
        baseCostNanoUsd: 0,
        outputCostNanoUsd: 0,
        priced: true,
        count: 1,
        provider: 'upstream',
        model: 'gpt-4o-mini',
      },
    });
    if (outcome.kind === 'reserved') await service.release(outcome.reservation.id);
    const sent = () => collector.received.slice(before).join('');
    await until('the span', () => sent().includes('llm.tenant_id'));
    expect(sent()).toContain('acme');
  });

  it('G12: holds no key, no prompt, no answer and no word of a provider that failed', async () => {
    harness.emulator.next({ status: 400, errorBody: { error: { message: `${PROMPT} is not wanted` } } });
    await traced(CHAT, { spans: 4 });
    await traced(CHAT);
    const all = collector.received.join('\n');
    for (const secret of [user.key, 'sk-upstream-secret', 'sk-second-secret', PROMPT]) {
      expect(all).not.toContain(secret);
    }
  });

  it('a collector that is gone costs no call anything; where none is set, nothing is traced', async () => {
    await collector.stop();
    expect((await user.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
    await stopTracing();
    const sent = collector.received.length;
    const lines = harness.log.length;
    expect((await user.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
    const logged = () => harness.log.slice(lines).join('');
    await until('the line of the request', () => logged().includes('"msg":"request"'));
    expect(logged()).not.toContain('traceId');
    expect(collector.received).toHaveLength(sent);
  });
});
