import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { MIGRATIONS } from '../../migrations/index.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type CommandDone, runCommand } from '../support/command-line.js';
import { ADMIN_KEY } from '../support/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const MONTH = new Date().toISOString().slice(0, 7);

/** A server with counters in its memory, and the command line beside it: two processes on one Postgres. */
describe('the command line', () => {
  let postgres: TestPostgres;
  let dataDir: string;
  let server: AppProcess;
  let admin: ApiClient;

  beforeAll(async () => {
    postgres = await startPostgres();
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-cli-'));
    server = await startApp({
      ...environment(),
      BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
      JWT_SECRET: 'a secret of the tests',
    });
    admin = new ApiClient(server.url, ADMIN_KEY);
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const environment = () => ({ DATABASE_URL: postgres.url, DATA_DIR: dataDir });
  const cli = (args: string, stdin?: string) => runCommand(args.split(' '), environment(), stdin);
  const json = async (args: string) => {
    const done = await cli(`${args} --json`);
    expect([done.stderr, done.code]).toEqual(['', 0]);
    return done.json();
  };

  let users = 0;
  /** A user and a key that the command line made. */
  async function newUser(): Promise<{ id: string; email: string; keyId: string; api: ApiClient }> {
    const email = `cli${++users}@example.com`;
    const { id } = await json(`user create --email ${email}`);
    const key = await json(`key create --user ${email} --name web`);
    return { id, email, keyId: key.id, api: new ApiClient(server.url, key.key) };
  }
  const script = async (api: ApiClient) => (await api.post('/generate/script', { topic: 'rain' })).status;
  const refused = ({ stdout, stderr, code }: CommandDone) => {
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: .+\n/);
    return { code, stderr };
  };
  /** With `--json`: the same on stdout, as one document. */
  const refusedInJson = ({ stdout, ...told }: CommandDone) => {
    const { error } = told.json();
    expect(told.stderr).toContain(error.errors?.[0].message ?? error.message);
    return { ...refused({ ...told, stdout: '' }), error };
  };

  it('user create and key create make a user and a key that work at once, and are in the audit log', async () => {
    const { id, email, keyId, api } = await newUser();
    expect((await api.get('/me')).body).toMatchObject({ id, email, planId: 'free', role: 'user' });
    const { body } = await admin.get('/admin/audit?limit=2');
    const by = { actor: { id: null, label: `cli:${userInfo().username}` } };
    expect(body.items).toMatchObject([
      { action: 'apiKey.create', subject: { id: keyId }, ...by },
      { action: 'user.create', subject: { id }, ...by },
    ]);
  }, 120_000);

  it('user create takes a password from stdin, and refuses an address that is taken', async () => {
    const made = await cli(
      'user create --email ada@example.com --plan pro --password-stdin',
      'correct horse\n',
    );
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/plan +pro/)]);
    const login = await admin.post('/auth/login', { email: 'ada@example.com', password: 'correct horse' });
    expect(login.status).toBe(200);
    expect(refused(await cli('user create --email ADA@example.com'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ada@example.com'),
    });
  }, 120_000);

  it('quota show says what a user has used, and quota reset gives it back on the running server within a second', async () => {
    const { id, email, api } = await newUser();
    await admin.put(`/admin/limits/users/${id}`, { monthlyCallLimit: 2 });
    expect([await script(api), await script(api), await script(api)]).toEqual([200, 200, 429]);
    const shown = await json(`quota show --user ${email}`);
    expect(shown).toMatchObject({ user: { id, email }, source: 'ledger', period: `${MONTH}-01` });
    expect(shown.limits).toContainEqual(
      expect.objectContaining({ name: 'user.month.calls', max: 2, used: 2, remaining: 0, reserved: null }),
    );

    const done = await json(`quota reset --user ${email} --reason goodwill`);
    expect(done).toMatchObject({ scope: 'user', subject: id, subjects: 1, calls: 2 });
    await until('the server lets it through', async () => (await script(api)) === 200, 1_000);
    const { body } = await admin.get(`/admin/audit?subjectId=${id}`);
    expect(body.items[0]).toMatchObject({
      action: 'quota.reset',
      actor: { label: `cli:${userInfo().username}` },
      reason: 'goodwill',
      before: { calls: 2 },
    });
  }, 120_000);

  it('quota reset --api-key and --all reach the running server too', async () => {
    const { keyId, api } = await newUser();
    await admin.put(`/admin/limits/api-keys/${keyId}`, { monthlyCallLimit: 1 });
    expect([await script(api), await script(api)]).toEqual([200, 429]);
    expect(await json(`quota reset --api-key ${keyId} --reason test`)).toMatchObject({
      scope: 'apiKey',
      calls: 1,
    });
    await until('the server lets it through', async () => (await script(api)) === 200, 1_000);
    expect(await script(api)).toBe(429);
    expect(await json('quota reset --all --reason test')).toMatchObject({ scope: 'all', subject: null });
    await until('the server lets it through', async () => (await script(api)) === 200, 1_000);
  }, 120_000);

  it('report usage has every groupBy, as a table, as JSON and as csv', async () => {
    const { id, keyId, api } = await newUser();
    expect(await script(api)).toBe(200);
    const keys = 'user,plan,apiKey,workspace,workflow,operation,provider,model,day,month';
    const report = await json(`report usage --month ${MONTH} --group-by ${keys}`);
    expect(report).toMatchObject({ from: `${MONTH}-01`, groupBy: keys.split(',') });
    const row = {
      user: id,
      plan: 'free',
      apiKey: keyId,
      operation: 'script_generation',
      provider: 'simulated',
    };
    expect(report.items).toContainEqual(
      expect.objectContaining({
        ...row,
        workspace: null,
        month: MONTH,
        calls: 1,
        costUsd: expect.any(String),
      }),
    );
    const csv = await cli(`report usage --month ${MONTH} --group-by user --format csv`);
    expect(csv.stdout).toMatch(/^user,calls,inputTokens,outputTokens,totalTokens,costUsd\r\n/);
    expect(csv.stdout).toContain(`\r\n${id},1,`);
    const text = await cli(`report usage --month ${MONTH} --group-by user`);
    expect(text.stdout).toMatch(new RegExp(`^${id} +1 `, 'm'));
  }, 120_000);

  it('report usage of a month in which nothing was used has no rows, in JSON that parses', async () => {
    expect((await json('report usage --month 2020-02 --group-by user')).items).toEqual([]);
  }, 60_000);

  it('plan list, ratelimit status, ratelimit metrics, period close and migrate answer', async () => {
    expect((await json('plan list')).items.map((plan: { id: string }) => plan.id)).toEqual([
      'enterprise',
      'free',
      'pro',
    ]);
    const status = await cli('ratelimit status --json');
    expect(status.json()).toMatchObject({
      enabled: true,
      counters: 'memory',
      stores: { postgres: true, redis: 'off' },
      budgets: { hourlyUsd: '50', circuitBreakerUsd: '100', circuitBreaker: 'closed' },
      providers: [{ name: 'simulated' }],
    });
    const { counters, latencies } = await json('ratelimit metrics');
    const served = '{operation="script_generation",provider="simulated"}';
    expect(counters[`llm_requests_total${served}`]).toBeGreaterThan(0);
    expect(counters['calls_total{status="settled"}']).toBe(counters[`llm_requests_total${served}`]);
    expect(latencies['llm_request_latency_ms{provider="simulated"}'].count).toBeGreaterThan(0);
    expect(await json('period close')).toMatchObject({ closed: [] });
    expect(await json('migrate')).toEqual({ migrated: [] });
  }, 120_000);

  it('ratelimit quota shows a workflow of each who used it, and quota reset --workflow gives it back', async () => {
    const [one, two] = [await newUser(), await newUser()];
    const run = (user: typeof one) =>
      user.api.post('/generate/script', { topic: 'rain' }, { 'X-Workflow-Id': 'nightly' });
    await run(one);
    await run(two);
    const shown = await json('ratelimit quota nightly');
    const quota = { name: 'workflow.rolling.tokens', max: 3_000_000, enforcement: 'soft', workspaceId: null };
    expect(shown.items).toEqual([
      expect.objectContaining({ ...quota, userId: one.id, used: expect.any(Number) }),
      expect.objectContaining({ ...quota, userId: two.id, used: expect.any(Number) }),
    ]);
    const [{ used, remaining, windowStart, windowEnd }] = shown.items;
    expect([used > 0, Number(used) + Number(remaining)]).toEqual([true, 3_000_000]);
    expect(Date.parse(windowEnd) - Date.parse(windowStart)).toBe(30 * 86_400_000);

    expect(await json('quota reset --workflow nightly --reason test')).toMatchObject({
      scope: 'workflow',
      calls: 2,
    });
    const after = await json(`ratelimit quota nightly --user ${one.email}`);
    expect(after.items).toMatchObject([{ userId: one.id, used: 0 }]);
  }, 180_000);

  it('ratelimit quota says that nothing counts a workflow that was never used', async () => {
    expect(refusedInJson(await cli('ratelimit quota never-used --json'))).toMatchObject({
      code: 1,
      error: { code: 'not_found' },
      stderr: expect.stringContaining('never-used'),
    });
  }, 60_000);

  it('migrate makes the schema of an empty database, and nothing else: no admin', async () => {
    const url = await postgres.newDatabase();
    const env = { DATABASE_URL: url, DATA_DIR: dataDir };
    const done = await runCommand(['migrate', '--json'], env);
    expect(done.json().migrated).toHaveLength(MIGRATIONS.length);
    const found = await runCommand(['quota', 'show', '--user', 'admin@cuota.local'], env);
    expect(refused(found)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: There is no user/),
    });
  }, 60_000);

  it.each([
    ['quota show --user nobody@example.com --json', 'There is no user nobody@example.com'],
    [
      'quota reset --user 0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10 --reason x --json',
      'There is no user 0193a5b0',
    ],
    ['quota reset --api-key 0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10 --reason x', 'There is no API key'],
    ['key create --user nobody@example.com --name x --json', 'There is no user nobody@example.com'],
    ['user create --email x@example.com --plan platinum', 'there is no plan platinum'],
  ])(
    '%s ends with 1 and one line that says why',
    async (args, why) => {
      const done = await cli(args);
      const { code, stderr } = args.includes('--json') ? refusedInJson(done) : refused(done);
      expect([code, stderr.trimEnd().split('\n')]).toEqual([1, [expect.stringContaining(why)]]);
    },
    60_000,
  );

  it.each([
    ['frobnicate', /unknown command/],
    ['quota', /Usage: .* quota/],
    ['quota frobnicate', /quota has no command "frobnicate"/],
    ['quota reset --reason x', /say of whom, once/],
    ['quota reset --user a@example.com --all --reason x', /say of whom, once/],
    ['quota reset --all', /--reason/],
    ['quota show', /--user/],
    ['quota show --user a@example.com --month 2026-13', /--month must be YYYY-MM/],
    ['report usage --group-by user,moon', /--group-by knows no "moon"/],
    ['report usage --month 2026-11 --from 2026-11-02', /--month is a whole month/],
    ['report usage --from 2026-11-03 --to 2026-11-02', /from must not be after to/],
    ['user create --email nobody', /--email must be an email address/],
    ['plan list all', /too many arguments/],
    ['ratelimit quota', /workflow-id/],
  ])(
    '%s is wrong usage: 2, told on stderr, and no database is needed',
    async (args, why) => {
      const done = await runCommand(args.split(' '), { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
      expect([done.code, done.stdout]).toEqual([2, '']);
      expect(done.stderr).toMatch(why);
    },
    60_000,
  );

  it.each([
    ['frobnicate --json', /unknown command 'frobnicate'/],
    ['--json', /unknown option/],
    ['quota --json', /unknown option/],
    ['quota reset --reason x --json', /say of whom, once/],
    ['quota show --json', /required option '--user/],
    ['quota show --json --user a@example.com extra', /too many arguments/],
    ['report usage --limit 5 --json', /unknown option '--limit'/],
    ['report usage --from today --json', /--from must be a day/],
    ['report usage --json --format csv', /say different things/],
    ['ratelimit quota --json', /workflow-id/],
  ])(
    '%s is wrong usage in JSON too',
    async (args, why) => {
      const done = await runCommand(args.split(' '), { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
      expect(refusedInJson(done)).toMatchObject({
        code: 2,
        error: { code: 'usage', message: expect.stringMatching(why) },
      });
    },
    60_000,
  );

  it('every fault of a value that is looked up is in the JSON', async () => {
    const { code, error } = refusedInJson(
      await cli('user create --email x@example.com --plan platinum --json'),
    );
    const errors = [{ path: 'planId', message: expect.stringContaining('there is no plan platinum') }];
    expect([code, error]).toEqual([1, { code: 'validation_failed', message: expect.any(String), errors }]);
  }, 60_000);

  it('--help of a command shows what it takes, with examples', async () => {
    const done = await runCommand(['quota', 'reset', '--help'], {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    });
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toMatch(/--reason <text>[^]*Examples:\n {2}\$ npm run cli -- quota reset --user/);
  }, 60_000);

  it('says in one line where it looked when the database cannot be reached, or a setting is wrong', async () => {
    const away = await runCommand(['plan', 'list', '--json'], {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    });
    expect([away.code, away.json().error.code]).toEqual([1, 'failed']);
    expect(away.stderr).toMatch(
      /^error: DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/none cannot be used: .*$/m,
    );
    const wrong = await runCommand(['plan', 'list'], { ...environment(), QUOTA_TIMEZONE: 'Mars/Olympus' });
    expect(refused(wrong)).toMatchObject({ code: 1, stderr: expect.stringContaining('QUOTA_TIMEZONE') });
  }, 60_000);
});
