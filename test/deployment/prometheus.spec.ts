import { type Harness, newHarness } from '../support/harness.js';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';

const METRICS_TOKEN = 'a metrics token of the tests';

interface Target {
  readonly health: string;
  readonly lastError: string;
}

interface RuleGroup {
  readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[];
}

describe('a Prometheus on the configuration of deploy/', () => {
  let harness: Harness;
  let prometheus: TestPrometheus;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: { METRICS_TOKEN } });
    prometheus = await startPrometheus({ url: harness.url, token: METRICS_TOKEN });
  }, 120_000);

  afterAll(async () => {
    await prometheus.stop();
    await harness.stop();
  });

  const targets = async () =>
    ((await prometheus.ask('targets')) as { data: { activeTargets: Target[] } }).data.activeTargets;
  const rules = async () =>
    ((await prometheus.ask('rules')) as { data: { groups: RuleGroup[] } }).data.groups.flatMap(
      (group) => group.rules,
    );
  /** The sum of an expression over its series, as Prometheus answers it now. */
  const sum = async (expression: string) => {
    const answer = await prometheus.ask(`query?query=${encodeURIComponent(`sum(${expression})`)}`);
    const { data } = answer as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  };

  it('scrapes a server that runs, and sees what is called there', async () => {
    await until(
      'it has scraped',
      async () => (await targets()).some(({ health }) => health === 'up'),
      30_000,
    );
    expect(await targets()).toMatchObject([{ health: 'up', lastError: '' }]);
    const { api } = await harness.newUser();
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
    expect((await api.post('/v1/chat/completions', chat)).status).toBe(200);
    await until('it sees the call', async () => (await sum('llm_requests_total')) === 1, 30_000);
    expect(await sum('token_usage_total')).toBeGreaterThan(0);
  });

  it('loads every rule, and can tell each of them', async () => {
    const told = async () => (await rules()).filter(({ health }) => health === 'ok').length;
    await until('all are evaluated', async () => (await told()) === (await rules()).length, 30_000);
    expect((await rules()).length).toBeGreaterThanOrEqual(27);
  });
});
