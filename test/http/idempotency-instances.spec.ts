import { CounterStore } from '../../src/rate-limiting/index.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Tell me about the sea.' }] };
const CHAT_PATH = '/v1/chat/completions';
const TTL_SEC = 1;

describeWithRedis('Idempotency-Key on several instances', () => {
  let harness: Harness;
  let processes: AppProcess[];
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({
      redis: true,
      upstream: true,
      env: { RESERVATION_TTL_SEC: String(TTL_SEC) },
    });
    processes = await Promise.all([startApp(harness.environment()), startApp(harness.environment())]);
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser({ monthlyTokenLimit: 1_000_000 });
  });

  const clients = () => processes.map(({ url }) => new ApiClient(url, user.key));

  it('G10: of 50 parallel calls over two instances one runs; the others are told so, or get its answer', async () => {
    for (const stream of [false, true]) {
      const key = { 'Idempotency-Key': `race-${stream}` };
      const calls = clients().flatMap((client) =>
        Array.from({ length: 25 }, () => client.post(CHAT_PATH, { ...CHAT, stream }, key)),
      );
      const answers = await Promise.all(calls);
      const good = answers.filter(({ status }) => status === 200);
      expect(good.filter(({ headers }) => !headers.get('idempotent-replayed'))).toHaveLength(1);
      for (const { body } of good) expect(body).toEqual(good[0]?.body);
      const others = answers.filter(({ status }) => status !== 200);
      for (const { status, body } of others)
        expect([status, body.error.code]).toEqual([409, 'idempotency_in_progress']);
      for (const client of [...clients(), user.api])
        expect((await client.post(CHAT_PATH, { ...CHAT, stream }, key)).body).toEqual(good[0]?.body);
    }
    expect(await ledger.rows(user.id)).toHaveLength(2);
    expect(harness.emulator.requests).toHaveLength(2);
  });

  it('G10: a call whose process was killed is charged once, at its estimate, and its key says so', async () => {
    const key = { 'Idempotency-Key': 'killed' };
    const [victim] = processes;
    harness.emulator.hold();
    const call = clients()[0]?.post(CHAT_PATH, CHAT, key);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    await victim?.stop('SIGKILL');
    await expect(call).rejects.toThrow();
    harness.emulator.release();
    expect((await user.api.post(CHAT_PATH, CHAT, key)).body.error.code).toBe('idempotency_in_progress');

    const store = harness.app.get(CounterStore);
    const pastItsDeadline = async () =>
      (await store.overdue(1)).length > 0 || (await ledger.rows(user.id)).length > 0;
    await until('the dead call is past its deadline', pastItsDeadline);
    // Past the key's deadline too, by whichever clock it was set.
    harness.clock.advance(60_000);
    const again = await user.api.post(CHAT_PATH, CHAT, key);
    const [row] = await ledger.rows(user.id);
    expect([again.status, again.body.error.code, again.body.error.usageId]).toEqual([
      409,
      'conflict',
      row?.id,
    ]);
    expect(row).toMatchObject({ status: 'expired' });
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });
});
