import { type ApiAnswer } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { describeWithRedis } from '../support/redis.js';

/** Reserved for far more than each call uses. */
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1_000 };
const USED = 100;
const TOKENS = 'user.month.tokens';
const LINE = 'past a soft limit';

/** Nest's log goes to the first application of a process, whichever writes it. */
const logs: string[][] = [];

function describeSoft(redis: boolean): void {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness({ redis, upstream: true });
    logs.push(harness.log);
    ledger = await LedgerReader.open(harness.databaseUrl);
    uses(USED);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  const uses = (total: number) => {
    const usage = { prompt_tokens: total - 12, completion_tokens: 12, total_tokens: total };
    harness.emulator.always({ usage });
  };
  const softUser = (monthlyTokenLimit: number) =>
    harness.newUser({ monthlyTokenLimit, enforcement: 'soft' }, 'enterprise');
  const chat = (user: TestUser, body: object = CHAT): Promise<ApiAnswer> =>
    user.api.post('/v1/chat/completions', body);
  const header = (answer: ApiAnswer) => answer.headers.get('x-quota-exceeded');
  const marks = async (user: TestUser) => (await ledger.rows(user.id)).map((row) => row.soft_exceeded);
  const lines = (user: TestUser) =>
    logs.flat().filter((line) => line.includes(LINE) && line.includes(user.id)).length;

  it('a call that was reserved past it and used less is not marked; the one that goes past it is', async () => {
    const user = await softUser(2 * USED);
    const answers = [await chat(user), await chat(user), await chat(user)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(header)).toEqual([null, null, TOKENS]);
    expect(await marks(user)).toEqual([false, false, true]);
    const rows = await ledger.rows(user.id);
    expect(rows.map(({ metadata }) => metadata)).toEqual([
      expect.not.objectContaining({ softExceeded: expect.anything() }),
      expect.not.objectContaining({ softExceeded: expect.anything() }),
      expect.objectContaining({ softExceeded: [TOKENS] }),
    ]);
    expect(lines(user)).toBe(1);
  });

  it('a call that used more than was reserved for it is marked where that goes past', async () => {
    const user = await softUser(2_000);
    uses(2_001);
    const over = await chat(user);
    uses(USED);
    expect([over.status, header(over)]).toEqual([200, TOKENS]);
    expect(await marks(user)).toEqual([true]);
  });

  it('a stream is announced by what it is reserved for, and its row tells what it used', async () => {
    const user = await softUser(2 * USED);
    const streams = [
      await chat(user, { ...CHAT, stream: true }),
      await chat(user, { ...CHAT, stream: true }),
    ];
    expect(streams.map(header)).toEqual([TOKENS, TOKENS]);
    expect(await marks(user)).toEqual([false, false]);
    await chat(user, { ...CHAT, stream: true });
    expect(await marks(user)).toEqual([false, false, true]);
    expect(lines(user)).toBe(1);
  });

  it('of calls that run at the same time, as many are marked as go past', async () => {
    const user = await softUser(7 * USED);
    harness.emulator.hold();
    const calls = Array.from({ length: 10 }, () => chat(user));
    await harness.emulator.until(({ inFlight }) => inFlight === 10);
    harness.emulator.release();
    const answers = await Promise.all(calls);
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
    expect(answers.filter((answer) => header(answer) === TOKENS)).toHaveLength(3);
    expect((await marks(user)).filter(Boolean)).toHaveLength(3);
    const marked = (await ledger.rows(user.id)).filter((row) => row.soft_exceeded).map(({ id }) => id);
    const told = answers.filter(header).map(({ headers }) => headers.get('x-usage-id'));
    expect(told.sort()).toEqual(marked.sort());
  });

  it('what an admin gave back counts no more', async () => {
    const user = await softUser(USED);
    await chat(user);
    await harness.admin.post('/admin/quotas/reset', { scope: 'user', id: user.id, reason: 'a gift' });
    const answers = [await chat(user), await chat(user)];
    expect(answers.map(header)).toEqual([null, TOKENS]);
    expect(await marks(user)).toEqual([false, false, true]);
  });
}

describe('soft limits, counted in memory', () => {
  describeSoft(false);
});

describeWithRedis('soft limits, counted in Redis', () => {
  describeSoft(true);
});
