import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness } from '../support/harness.js';
import { promtool } from '../support/promtool.js';

const TOKEN = 'a metrics token of the tests';

/** Given names that Prometheus' checker would have otherwise: they are kept, and nothing else may be complained of. */
const GIVEN_NAMES = ['api_cost_total_usd', 'llm_request_latency_ms'];

const REQUIRED = [
  'rate_limit_exceeded_total',
  'rate_limit_remaining',
  'rate_limit_check_duration_seconds',
  'api_cost_total_usd',
  'token_usage_total',
  'budget_exceeded_total',
  'llm_requests_total',
  'llm_rate_limited_total',
  'llm_failovers_total',
  'llm_quota_exceeded_total',
  'provider_available_tokens',
  'workflow_quota_remaining_tokens',
  'llm_request_latency_ms',
];

describe('metrics', () => {
  let harness: Harness;
  let scraper: ApiClient;

  beforeAll(async () => {
    const env = {
      METRICS_TOKEN: TOKEN,
      PROVIDER_UPSTREAM_RATE_PER_SEC: '50',
      PROVIDER_SECOND_KIND: 'openai_compatible',
      PROVIDER_SECOND_MODELS: 'gpt-4o-mini',
      PROVIDER_ORDER: 'upstream,second',
      PROVIDER_SECOND_BASE_URL: 'http://127.0.0.1:9/v1',
    };
    harness = await newHarness({ redis: true, upstream: true, env });
    scraper = new ApiClient(harness.url, TOKEN);
  }, 120_000);

  afterAll(() => harness.stop());

  const scrape = async () => String((await scraper.get('/metrics')).body);
  const chat = (model = 'upstream/gpt-4o-mini') => ({
    model,
    messages: [{ role: 'user', content: 'hello' }],
  });
  /** The sum of a metric over the series that hold all these labels. */
  const sum = (text: string, name: string, labels: readonly string[] = []) =>
    text
      .split('\n')
      .filter(
        (line) => new RegExp(`^${name}[{ ]`).test(line) && labels.every((label) => line.includes(label)),
      )
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);

  it('asks for METRICS_TOKEN where that is set', async () => {
    const anyone = new ApiClient(harness.url);
    expect((await anyone.get('/metrics')).status).toBe(401);
    expect((await harness.admin.get('/metrics')).status).toBe(401);
    const { status, headers } = await scraper.get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('counts a call on its way: request, limits, provider, tokens, money, row', async () => {
    const { api } = await harness.newUser();
    const before = await scrape();
    const answer = await api.post('/v1/chat/completions', chat(), { 'x-workflow-id': 'nightly' });
    expect(answer.body).toMatchObject({ object: 'chat.completion' });
    const after = await scrape();
    const grown = (name: string, labels?: string[]) => sum(after, name, labels) - sum(before, name, labels);
    const { prompt_tokens, completion_tokens } = answer.body.usage;
    expect(grown('llm_requests_total', ['provider="upstream"', 'outcome="answered"'])).toBe(1);
    expect(grown('llm_request_latency_ms_count', ['provider="upstream"'])).toBe(1);
    expect(grown('token_usage_total', ['type="input"', 'model="gpt-4o-mini"'])).toBe(prompt_tokens);
    expect(grown('token_usage_total', ['type="output"'])).toBe(completion_tokens);
    expect(grown('api_cost_total_usd', ['provider="upstream"'])).toBeGreaterThan(0);
    expect(grown('metered_calls_total', ['operation="llm_call"', 'outcome="settled"'])).toBe(1);
    expect(grown('ledger_rows_total')).toBe(1);
    expect(grown('reservation_duration_seconds_count', ['outcome="reserved"'])).toBe(1);
    const route = ['method="POST"', 'route="/v1/chat/completions"', 'status="2xx"'];
    expect(grown('http_request_duration_seconds_count', route)).toBe(1);
    expect(sum(after, 'reservations_held')).toBe(0);
    expect(sum(after, 'workflow_quota_remaining_tokens')).toBeLessThan(3_000_000);
    expect(sum(after, 'provider_available_tokens', ['provider="upstream"'])).toBeGreaterThan(0);
    expect(sum(after, 'store_up')).toBe(3);
    expect(sum(after, 'counter_drift_total')).toBe(0);
  });

  it('counts who was denied, by the limit: a rate, a quota, a budget', async () => {
    const slow = { id: 'slow', name: 'Slow', requestsPerMinute: 1, burst: 1 };
    await harness.admin.post('/admin/plans', slow);
    const before = await scrape();
    const rated = await harness.newUser(undefined, 'slow');
    await rated.api.get('/me');
    expect((await rated.api.get('/me')).status).toBe(429);
    const poor = await harness.newUser({ monthlyTokenLimit: 1 });
    expect((await poor.api.post('/v1/chat/completions', chat())).status).toBe(429);
    const broke = await harness.newUser({ monthlyCostLimitUsd: '0.000000001' });
    expect((await broke.api.post('/v1/chat/completions', chat())).status).toBe(429);
    const after = await scrape();
    const grown = (name: string, labels: string[]) => sum(after, name, labels) - sum(before, name, labels);
    expect(grown('rate_limit_exceeded_total', ['endpoint="GET /me"'])).toBe(1);
    expect(grown('llm_quota_exceeded_total', ['limit="user.month.tokens"', 'enforcement="hard"'])).toBe(1);
    expect(grown('budget_exceeded_total', ['limit="user.month.cost"', 'enforcement="hard"'])).toBe(1);
    expect(grown('metered_calls_total', ['outcome="denied"'])).toBe(2);
    expect(sum(after, 'rate_limit_remaining', ['endpoint="GET /me"'])).toBe(0);
  });

  it('counts who failed, who was gone on to, and whose rate was spent', async () => {
    const { api } = await harness.newUser();
    const before = await scrape();
    harness.emulator.next({ status: 429 });
    const failed = await api.post('/v1/chat/completions', chat('gpt-4o-mini'));
    expect(failed.status).toBe(503);
    const after = await scrape();
    const grown = (name: string, labels: string[]) => sum(after, name, labels) - sum(before, name, labels);
    expect(grown('llm_rate_limited_total', ['provider="upstream"', 'by="upstream"'])).toBe(1);
    expect(grown('llm_failovers_total', ['from_provider="upstream"', 'to_provider="second"'])).toBe(1);
    expect(grown('llm_requests_total', ['provider="second"', 'outcome="connection"'])).toBe(1);
    expect(grown('metered_calls_total', ['outcome="released"'])).toBe(1);
    expect(sum(after, 'provider_state', ['provider="upstream"', 'state="cooling_down"'])).toBe(1);
  });

  it('has every required name, and is what promtool takes for well made', async () => {
    const text = await scrape();
    for (const name of REQUIRED) expect(text).toMatch(new RegExp(`^# TYPE ${name} `, 'm'));
    const { output } = promtool(['check', 'metrics'], text);
    const complaints = output.split('\n').filter((line) => line !== '');
    expect(complaints.filter((line) => !GIVEN_NAMES.some((name) => line.startsWith(`${name} `)))).toEqual([]);
  });

  it('G12: names no user, key, workflow or address in a label', async () => {
    const { api, id, key, keyId } = await harness.newUser();
    await api.post('/v1/chat/completions', chat(), { 'x-workflow-id': 'a-workflow-of-theirs' });
    await api.get(`/generations/${id}`);
    const text = await scrape();
    for (const theirs of [id, key, keyId, 'a-workflow-of-theirs', '127.0.0.1'])
      expect(text).not.toContain(theirs);
  });

  it('sums itself up for an admin, in JSON', async () => {
    const { status, body } = await harness.admin.get('/admin/metrics');
    expect(status).toBe(200);
    expect(body.counters.llm_requests_total).toBeGreaterThan(0);
    expect(body.gauges.reservations_held).toBe(0);
    const chats = 'llm_request_latency_ms{provider="upstream",operation="llm_call"}';
    expect(body.latencies[chats].count).toBeGreaterThan(0);
    const { api } = await harness.newUser();
    expect((await api.get('/admin/metrics')).status).toBe(403);
  });
});
