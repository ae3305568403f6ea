import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 20 };
const BEFORE_HOLD = 4;

describeWithRedis('a process that is asked to stop', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let app: AppProcess | undefined;

  beforeAll(async () => {
    harness = await newHarness({ redis: true, upstream: true });
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterEach(async () => {
    harness.emulator.reset();
    await app?.stop('SIGKILL');
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  /** A stream that has sent some, and a whole answer that has not begun, both waiting for the provider. */
  async function callsInFlight(user: TestUser, env: Record<string, string> = {}) {
    app = await startApp({ ...harness.environment(), ...env });
    const api = new ApiClient(app.url, user.key);
    harness.emulator.next({ holdAfterChunks: BEFORE_HOLD });
    const opened = await api.open('/v1/chat/completions', { ...CHAT, stream: true });
    const reader = readerOf(opened);
    await until('some was sent', async () => (await reader.more()).includes(' two'), 60_000);
    harness.emulator.hold();
    const whole = api.post('/v1/chat/completions', CHAT).catch(() => undefined);
    await harness.emulator.until(({ inFlight }) => inFlight === 2);
    return { app, api, reader, whole };
  }

  /** What another instance sees of the user, at once. */
  const calls = async (user: TestUser) => {
    const { body } = await user.api.get('/me/usage');
    return body.limits.find(({ name }: { name: string }) => name === 'user.month.calls');
  };

  it('G3: lets calls in flight finish, each with its row, refuses new ones, and ends', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const { app: stopping, api, reader, whole } = await callsInFlight(user);
    const exit = stopping.stop('SIGTERM');
    const refused = (call: Promise<{ status: number }>) =>
      call.then(
        ({ status }) => status === 503,
        () => true,
      );
    await until('it takes no more', () => refused(api.get('/status')));
    expect(await refused(api.post('/v1/chat/completions', CHAT))).toBe(true);
    expect(harness.emulator.requests).toHaveLength(2);

    harness.emulator.release();
    expect(await reader.rest()).toContain('data: [DONE]');
    expect((await whole)?.status).toBe(200);
    expect(await exit).toBe(0);
    expect(await calls(user)).toMatchObject({ used: 2, reserved: 0 });
    const rows = await ledger.rows(user.id);
    expect(rows.map(({ status, output_tokens: tokens }) => [status, Number(tokens)])).toEqual([
      ['settled', 12],
      ['settled', 12],
    ]);
  }, 120_000);

  it('G11: cuts what is not done in SHUTDOWN_GRACE_SEC: what was sent is paid, and nothing else', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const flight = await callsInFlight(user, { SHUTDOWN_GRACE_SEC: '1' });
    const begun = performance.now();
    expect(await flight.app.stop('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(30_000);
    await flight.whole;
    expect(await calls(user)).toMatchObject({ used: 1, reserved: 0 });
    const rows = await ledger.rows(user.id);
    expect(rows).toMatchObject([{ status: 'settled', estimated: true, calls: 1 }]);
    const tokens = Number(rows[0]?.output_tokens);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(12);
  }, 120_000);

  it('G4: calls that drain for longer than a reservation lives are not taken for dead', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const elsewhere = await startApp({ ...harness.environment(), RESERVATION_TTL_SEC: '1' });
    try {
      const flight = await callsInFlight(user, { RESERVATION_TTL_SEC: '1' });
      const exit = flight.app.stop('SIGTERM');
      const begun = performance.now();
      await until('twice its deadline has passed', () => performance.now() - begun > 2_500);
      expect(await ledger.rows(user.id)).toEqual([]);
      harness.emulator.release();
      expect((await flight.whole)?.status).toBe(200);
      expect(await exit).toBe(0);
    } finally {
      await elsewhere.stop();
    }
    expect((await ledger.rows(user.id)).map(({ status }) => status)).toEqual(['settled', 'settled']);
    expect(await calls(user)).toMatchObject({ used: 2, reserved: 0 });
  }, 120_000);
});

/** Reads a stream piece by piece. */
function readerOf({ body }: Response) {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('a stream has a body');
  let text = '';
  const step = async () => {
    const { value, done } = await reader.read();
    text += value ?? '';
    return done;
  };
  return {
    /** All so far, with one piece more. */
    more: async () => {
      await step();
      return text;
    },
    rest: async () => {
      while (!(await step()));
      return text;
    },
  };
}
