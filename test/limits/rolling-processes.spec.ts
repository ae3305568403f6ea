import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };
const NIGHTLY = { 'X-Workflow-Id': 'nightly' };

describeWithRedis('rolling quotas over several processes', () => {
  let harness: Harness;
  let other: AppProcess;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis: true, upstream: true, env: { RESERVATION_TTL_SEC: '3' } });
    other = await startApp(harness.environment());
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 60_000);

  afterAll(async () => {
    await other.stop();
    await ledger.close();
    await harness.stop();
  });

  beforeEach(() => {
    harness.emulator.reset();
  });

  const chat = (api: ApiClient) => api.post('/v1/chat/completions', CHAT, NIGHTLY);
  /** Asked again where a busy machine's stores were too slow to answer (G9). */
  const workflow = async (user: TestUser) => {
    let limits: { name: string; used: number }[] = [];
    await until('it answers', async () => {
      const { status, body } = await user.api.get('/me/usage', NIGHTLY);
      if (status === 200) limits = body.limits;
      return status === 200;
    });
    return limits.find(({ name }) => name === 'workflow.rolling.tokens');
  };
  const put = (user: TestUser, body: Record<string, unknown>) =>
    harness.admin.put(`/admin/limits/workflows/${encodeURIComponent(`user:${user.id}:nightly`)}`, body);

  it('G8: a limit of a workflow holds on the other process within a second', async () => {
    const user = await harness.newUser();
    const elsewhere = new ApiClient(other.url, user.key);
    await until('it answers', async () => (await chat(elsewhere)).status === 200);
    await put(user, { rollingTokenLimit: 1, enforcement: 'hard' });
    await until('it holds there', async () => (await chat(elsewhere)).status === 429, 1_000);
    await put(user, { rollingTokenLimit: 0 });
    await until('it is open there', async () => (await chat(elsewhere)).status === 200, 1_000);
  });

  it('G1: both together never pass a hard limit, and what they count is what the ledger has', async () => {
    const user = await harness.newUser();
    await put(user, { rollingTokenLimit: 300, enforcement: 'hard' });
    const elsewhere = new ApiClient(other.url, user.key);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => chat(at % 2 === 0 ? user.api : elsewhere)),
    );
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect(count(200)).toBeGreaterThan(0);
    expect(count(429)).toBeGreaterThan(0);
    const { tokens } = await ledger.ledger(user.id);
    expect(tokens).toBeLessThanOrEqual(300);
    expect(await workflow(user)).toMatchObject({ used: tokens, reserved: 0 });
  });

  it('G4: a call whose process was killed is charged to its workflow at its estimate', async () => {
    const user = await harness.newUser();
    const doomed = await startApp({ ...harness.environment(), LOG_LEVEL: 'error' });
    harness.emulator.hold();
    const lost = chat(new ApiClient(doomed.url, user.key)).catch(() => undefined);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await doomed.stop('SIGKILL');
    harness.emulator.release();
    await lost;
    await until('it is swept', async () => (await ledger.rows(user.id)).length === 1, 15_000);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'expired', workflow_id: 'nightly', workspace_id: null });
    const used = Number(row?.total_tokens);
    expect(used).toBeGreaterThan(0);
    expect(await workflow(user)).toMatchObject({ used, reserved: 0 });
    await harness.redis?.flushAll();
    await until('it is counted anew', async () => (await workflow(user))?.used === used);
  }, 40_000);
});
