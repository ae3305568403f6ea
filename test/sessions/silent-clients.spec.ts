import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { knock, openSession, SessionClient } from './session-client.js';

const MODEL = '/session?model=gpt-4o-mini';
const LONG = 'long '.repeat(180_000);
/** Much more than fits between a server and a client that does not read. */
const TIMES = 40;
const WORDS = 20_000;

/** Clients that do not read, or are not there any more. */
describe('a session whose client', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await Promise.all([harness.postgres.stop(), harness.emulator.stop()]);
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
  });

  /** Has five words of its response. */
  async function speaking(client: SessionClient): Promise<void> {
    harness.emulator.next({ outputTokens: WORDS, holdAfterChunks: 6, usage: 'none' });
    client.ask('a long story');
    await until('five words are there', () => client.all('response.output_text.delta').length >= 5);
  }

  /** A client that asked for far more than it reads, its response in the middle. */
  async function overfed(): Promise<SessionClient> {
    const client = await openSession(harness.url, user.key, MODEL);
    const item = { type: 'message', id: 'long', role: 'user', content: [{ type: 'input_text', text: LONG }] };
    client.say({ type: 'conversation.item.create', item });
    await client.heard('conversation.item.done');
    await speaking(client);
    client.socket.pause();
    for (let at = 0; at < TIMES; at++) client.say({ type: 'conversation.item.retrieve', item_id: 'long' });
    // The server has done what it can for it when it has served another in the meantime, before and after.
    const other = await openSession(harness.url, (await harness.newUser()).key, MODEL);
    for (const count of [1, 2]) {
      other.ask('hello');
      await other.heard('response.done', count);
      harness.emulator.release();
    }
    await other.leave();
    return client;
  }

  const settled = async () => {
    await until('it is settled', async () => (await ledger.rows(user.id)).length === 1);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ status: 'settled', estimated: true });
    expect(Number(row?.output_tokens)).toBeLessThan(WORDS);
  };
  const openNow = async () => {
    const { body } = await harness.admin.get('/metrics');
    return Number(/^active_sessions_total (\d+)$/m.exec(String(body))?.[1]);
  };

  it('G4: does not read is settled and closed at its end as any other, and keeps nobody waiting', async () => {
    const client = await overfed();
    harness.clock.advance(30 * 60_000);
    await settled();
    await until('it is closed', async () => (await openNow()) === 0);
    client.socket.terminate();
  });

  it('G4: has vanished is dropped when a ping stays without an answer, and pays what it was sent', async () => {
    const there = await openSession(harness.url, user.key, MODEL);
    const gone = await knock(harness.url, MODEL, { key: user.key, autoPong: false });
    if (!(gone instanceof SessionClient)) throw new Error('it was refused');
    await speaking(gone);
    let pings = 0;
    for (const { socket } of [there, gone]) socket.on('ping', () => pings++);
    harness.clock.advance(20_000);
    await until('both were asked', () => pings === 2);
    expect(gone.closed).toBeUndefined();
    // What is answered after the pong was heard after it.
    there.say({ type: 'session.update', session: {} });
    await there.heard('session.updated');
    harness.clock.advance(20_000);
    await gone.closing();
    await settled();
    expect(await openNow()).toBe(1);
    expect(there.closed).toBeUndefined();
    await there.leave();
  });

  it('G3: does not read does not keep the server from stopping, and is settled before', async () => {
    const client = await overfed();
    const begun = performance.now();
    await harness.app.close();
    // It has three seconds to hear the end; a WebSocket alone would wait for half a minute.
    expect(performance.now() - begun).toBeLessThan(20_000);
    await settled();
    client.socket.terminate();
  }, 40_000);
});
