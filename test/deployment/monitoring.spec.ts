import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { type Harness, newHarness } from '../support/harness.js';
import { promtool } from '../support/promtool.js';

const DEPLOY = join(__dirname, '..', '..', 'deploy');
const PROMETHEUS = join(DEPLOY, 'prometheus');
const DASHBOARDS = join(DEPLOY, 'grafana', 'dashboards');

/** What an expression says that is no name of a metric. */
const NO_METRICS = new Set(['histogram_quantile']);

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

interface Alert {
  readonly alert: string;
  readonly annotations: object;
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

const dashboards = (): Dashboard[] =>
  readdirSync(DASHBOARDS).map(
    (file) => JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as Dashboard,
  );
const expressions = () =>
  dashboards()
    .flatMap(({ panels }) => panels)
    .flatMap(({ targets }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '5m'));

/** Every metric that a text of PromQL asks for, labels, ranges and groupings left out. */
function metricsIn(promql: string): string[] {
  const bare = promql
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\b(by|without) \([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b/g)]
    .map(([name]) => name)
    .filter((name) => !NO_METRICS.has(name));
}

/** The labels that are asked for, metric by metric: in braces behind its name. */
function labelsIn(promql: string): { metric: string; label: string }[] {
  return [...promql.matchAll(/\b([a-z_]+)\{([^}]*)\}/g)].flatMap(([, metric = '', inside = '']) =>
    [...inside.matchAll(/([a-z_]+)[!=]/g)].map(([, label = '']) => ({ metric, label })),
  );
}

describe('deploy/', () => {
  it('has a Prometheus configuration that promtool takes, with the rules that it names', () => {
    const config = promtool(['check', 'config', '--syntax-only', join(PROMETHEUS, 'prometheus.yml')]);
    expect(config).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
    const named = /rule_files: \[(.+)\]/.exec(readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8'))?.[1];
    const rules = promtool(['check', 'rules', join(PROMETHEUS, String(named))]);
    expect(rules).toEqual({
      status: 0,
      output: expect.stringContaining(`${alertNames().length} rules found`),
    });
  });

  it('has alerts that fire when they should, and are silent when they should', () => {
    const tests = promtool(['test', 'rules', join(PROMETHEUS, 'alerts.test.yml')]);
    expect(tests).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
    const text = readFileSync(join(PROMETHEUS, 'alerts.test.yml'), 'utf8');
    for (const alert of alertNames()) {
      const block = new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n\\s+- exp_labels`);
      expect([alert, block.test(text)]).toEqual([alert, true]);
    }
  });

  it('has alerts that say what to do, as does docs/deployment.md', () => {
    const docs = readFileSync(join(DEPLOY, '..', 'docs', 'deployment.md'), 'utf8');
    const { groups } = load(alerts()) as { groups: { rules: Alert[] }[] };
    for (const { alert, annotations } of groups.flatMap(({ rules }) => rules)) {
      expect([alert, Object.keys(annotations)]).toEqual([alert, ['summary', 'description']]);
      expect([alert, docs.includes(`\`${alert}\``)]).toEqual([alert, true]);
    }
    expect(alertNames().length).toBeGreaterThan(25);
  });

  it('has dashboards whose every expression Prometheus can read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cuota-rules-'));
    try {
      const rules = expressions().map((expr, at) => ({ record: `panel:${at}`, expr }));
      const file = join(folder, 'panels.yml');
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      const { status, output } = promtool(['check', 'rules', file]);
      expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
      expect(rules.length).toBeGreaterThan(25);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows what was asked for: violations of rates, cost, tokens, budgets', () => {
    const titles = dashboards().flatMap(({ panels }) => panels.map(({ title }) => title));
    for (const wanted of ['Rate limit violations', 'Cost of the API', 'Tokens'])
      expect(titles).toContain(wanted);
    expect(expressions().join('\n')).toContain('budget_exceeded_total');
  });

  describe('against a server that runs', () => {
    let harness: Harness;
    let shown: string;

    beforeAll(async () => {
      harness = await newHarness({
        redis: true,
        upstream: true,
        env: { PROVIDER_UPSTREAM_RATE_PER_SEC: '50' },
      });
      const { api } = await harness.newUser();
      const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
      await api.post('/v1/chat/completions', chat, { 'x-workflow-id': 'nightly' });
      shown = String((await harness.admin.get('/metrics')).body);
    }, 120_000);

    afterAll(() => harness.stop());

    it('asks for no metric that it does not show, and for no label that is not there', () => {
      const families = new Set([...shown.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));
      const asked = [...expressions(), ...alertExpressions()];
      const metrics = new Set(asked.flatMap(metricsIn));
      expect(metrics.size).toBeGreaterThan(20);
      const family = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
      const missing = [...metrics].filter((name) => !families.has(name) && !families.has(family(name)));
      expect(missing).toEqual([]);
      const labelled = asked.flatMap(labelsIn).filter(({ metric }) => metric !== 'up');
      const strange = labelled.filter(({ metric, label }) => {
        const series = new RegExp(`^${metric}\\{(.*)\\} `, 'm').exec(shown)?.[1];
        return series !== undefined && !series.includes(`${label}="`);
      });
      expect(strange).toEqual([]);
    });
  });
});

function alerts(): string {
  return readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8');
}

function alertNames(): string[] {
  return [...alerts().matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
}

/** As promtool would run them: the text of each rule from its `expr:` to the next key. */
function alertExpressions(): string[] {
  return [...alerts().matchAll(/^ {8}expr: (?:\|\n)?([\s\S]*?)\n {8}(?=\w)/gm)].map(([, expr = '']) => expr);
}
