import { usageOf } from '../support/emulator/realtime.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

import { openSession, type SessionClient } from './session-client.js';

/** One token each. */
const WORDS = ' word'.repeat(1_000);
/** What a response may say at most, where nothing is short; and the room that is held beside its input. */
const [MOST_OUTPUT, ROOM] = [4096, 100];

/** G1: what is held for the next response of a relayed session is what it reads, and little more. */
describe('the hold of a relayed session', () => {
  let harness: Harness;
  let user: TestUser;
  let client: SessionClient;

  beforeAll(async () => {
    const env = { PROVIDER_UPSTREAM_MODELS: 'gpt-realtime', SESSION_BUDGET_USD: '100' };
    harness = await newHarness({ upstream: true, env });
  }, 120_000);

  afterAll(async () => {
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
  });

  afterEach(() => client.leave());

  const open = async () => {
    client = await openSession(harness.url, user.key, '/session?model=gpt-realtime');
    await client.heard('session.created');
  };
  /** The input tokens that are held when the provider knows no more and no less than we do. */
  const holds = async (what: string, tokens: number, more = 20) => {
    let held = 0;
    await until(`${what} is held: ${tokens} tokens`, async () => {
      const { body } = await user.api.get('/me/usage');
      const limits = body.limits as { name: string; reserved: number }[];
      held = (limits.find(({ name }) => name === 'user.month.tokens')?.reserved ?? 0) - MOST_OUTPUT - ROOM;
      return held >= tokens && held <= tokens + more;
    });
  };
  const say = (text: string) => {
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    client.say({ type: 'conversation.item.create', item });
  };

  it('has the instructions that the provider gave it itself', async () => {
    harness.emulator.realtime.begins = { instructions: WORDS };
    await open();
    await holds('it', 1_000);
  });

  it('is what the provider counted last, and what was said since', async () => {
    harness.emulator.realtime.next({ usage: usageOf(3_000, 12) });
    await open();
    client.ask('hello');
    await client.heard('response.done');
    await holds('the count', 3_012, 0);
    say(WORDS);
    await holds('what was said', 4_012);
  });

  it('has what was said while a response was made', async () => {
    harness.emulator.realtime.next({ hangAfter: 4 });
    await open();
    client.ask('hello');
    await until('it speaks', () => client.all('response.output_text.delta').length === 4);
    say(WORDS);
    await client.heard('conversation.item.added', 2);
    const response = { id: 'resp_1', status: 'completed', usage: usageOf(500, 4) };
    harness.emulator.realtime.sessions[0]?.say({ type: 'response.done', response });
    await client.heard('response.done');
    await holds('both', 1_504);
  });

  it('has instructions once, however often they are given', async () => {
    await open();
    for (const _ of [1, 2, 3])
      client.say({ type: 'session.update', session: { type: 'realtime', instructions: WORDS } });
    await client.heard('session.updated', 3);
    await holds('them', 1_000);
  });

  it('has nothing of a response that is apart from the conversation', async () => {
    harness.emulator.realtime.next({ hangAfter: 4 });
    await open();
    client.ask('hello', { conversation: 'none', instructions: WORDS });
    await until('it speaks', () => client.all('response.output_text.delta').length === 4);
    const usage = usageOf(1_050, 4);
    const response = { id: 'resp_1', status: 'completed', conversation_id: null, usage };
    harness.emulator.realtime.sessions[0]?.say({ type: 'response.done', response });
    await client.heard('response.done');
    await holds('the conversation', 0, 30);
  });
});
