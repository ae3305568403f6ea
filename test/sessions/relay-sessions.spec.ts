import { usageOf } from '../support/emulator/realtime.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { knock, openSession, type SessionClient } from './session-client.js';

const MODEL = '/v1/realtime?model=gpt-realtime';
/** Nano-dollars a token, as the price list has them. */
const [INPUT, OUTPUT] = [100_000, 200_000];
const ENV = {
  PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,voice=gpt-realtime,gpt-realtime',
  SESSION_BUDGET_USD: '0.5',
};

/** Sessions with realtime models, relayed to the provider that has them. */
describe('a session with a realtime model', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({ upstream: true, env: ENV });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser();
  });

  const open = (path = MODEL) => openSession(harness.url, user.key, path);
  const upstream = () => {
    const session = harness.emulator.realtime.sessions.at(-1);
    if (!session) throw new Error('Nothing was opened upstream.');
    return session;
  };
  const held = async () => {
    const { body } = await user.api.get('/me/usage');
    return (body.limits as { name: string; reserved: number }[]).find(
      ({ name }) => name === 'user.month.calls',
    )?.reserved;
  };
  const row = async () => {
    await until('it is settled', async () => (await ledger.rows(user.id)).length === 1);
    return (await ledger.rows(user.id))[0];
  };
  const words = (client: SessionClient, count: number) =>
    until(`${count} words`, () => client.all('response.output_text.delta').length >= count);

  it('passes events as they are and in order, and is settled to the token', async () => {
    harness.emulator.realtime.next({ usage: usageOf(120, 12, 40) });
    const client = await open('/session?model=voice');
    const told = {
      type: 'session.update',
      event_id: 'mine',
      session: { type: 'realtime', instructions: 'Sing.' },
    };
    client.say(told);
    client.ask('hello', { metadata: { my: 'own' } });
    await client.heard('response.done');
    expect(client.events.map(({ type }) => type)).toEqual([
      'session.created',
      'session.updated',
      'conversation.item.added',
      'response.created',
      ...Array.from({ length: 12 }, () => 'response.output_text.delta'),
      'response.done',
    ]);
    const { request, heard } = upstream();
    expect(request.url).toBe('/v1/realtime?model=gpt-realtime');
    expect(request.headers.authorization).toBe('Bearer sk-upstream-secret');
    expect(heard).toContainEqual(told);
    expect(heard.find(({ type }) => type === 'response.create')).toMatchObject({
      response: { metadata: { my: 'own' } },
    });
    const paid = await row();
    expect(paid).toMatchObject({
      ...{ model: 'gpt-realtime', provider: 'upstream', estimated: false, status: 'settled' },
      ...{ input_tokens: '120', output_tokens: '12', total_tokens: '132' },
    });
    expect(Number(paid?.cost_nano_usd)).toBeGreaterThan(80 * INPUT + 12 * OUTPUT);
    expect(Number(paid?.cost_nano_usd)).toBeLessThanOrEqual(120 * INPUT + 12 * OUTPUT);
    expect(paid?.session_id).toBeTruthy();
    await client.leave();
    await until('nothing is held', async () => (await held()) === 0);
    expect(upstream().closed).toBe(true);
  });

  it('G1: goes upstream with a cap no larger than what is held, and is closed with 4429 at its budget', async () => {
    for (let at = 0; at < 20; at++) harness.emulator.realtime.next({ outputTokens: 600 });
    const client = await open();
    while (!client.closed) {
      const before = client.all('response.done').length;
      client.ask('on');
      await until('it is answered or closed', () => {
        return client.closed !== undefined || client.all('response.done').length > before;
      });
    }
    expect(client.closed.code).toBe(4429);
    expect(client.all('error').at(-1)?.error).toMatchObject({ code: 'budget_exceeded' });
    const { cost, rows } = await ledger.ledger(user.id);
    expect(rows).toBeGreaterThan(2);
    expect(cost).toBeLessThanOrEqual(500_000_000);
    const caps = upstream().heard.map(
      ({ response }) => (response as { max_output_tokens?: number } | undefined)?.max_output_tokens,
    );
    expect(Math.min(...caps.filter((cap) => cap !== undefined))).toBeLessThan(600);
    expect(await held()).toBe(0);
  });

  it('G1: holds a response that the provider makes by itself too, under the cap that it was told', async () => {
    harness.emulator.realtime.next({ outputTokens: 5_000 });
    const client = await open();
    await until('the provider knows its cap', () => upstream().heard.length > 0);
    const [update] = upstream().heard;
    const { max_output_tokens: cap } = update?.session as { max_output_tokens: number };
    expect(update).toMatchObject({ type: 'session.update', session: { type: 'realtime' } });
    upstream().respond();
    await client.heard('response.done');
    // What we told the provider is nobody's business.
    expect(client.all('session.updated')).toEqual([]);
    const paid = await row();
    expect(Number(paid?.output_tokens)).toBe(cap);
    expect(Number(paid?.cost_nano_usd)).toBeLessThanOrEqual(500_000_000);
    expect(await client.closing()).toBe(4429);
  });

  it('caps what a client asks for, in an update and in a response', async () => {
    const client = await open();
    client.say({ type: 'session.update', session: { type: 'realtime', max_output_tokens: 100 } });
    client.ask('hello');
    await client.heard('response.done');
    client.ask('hello', { max_output_tokens: 7 });
    await client.heard('response.done', 2);
    const created = upstream().heard.filter(({ type }) => type === 'response.create');
    expect(
      created.map(({ response }) => (response as { max_output_tokens: number }).max_output_tokens),
    ).toEqual([100, 7]);
    await client.leave();
  });

  it('G11: whose provider is lost is closed with 1011 after an error; what was delivered is paid', async () => {
    harness.emulator.realtime.next({ cutAfter: 6 });
    const client = await open();
    client.ask('hello');
    expect(await client.closing()).toBe(1011);
    expect(client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'provider_failed' } });
    expect(await row()).toMatchObject({ output_tokens: '6', estimated: true, status: 'failed_after_output' });
    expect(await held()).toBe(0);
  });

  it('G11: whose client vanishes pays what was delivered', async () => {
    harness.emulator.realtime.next({ hangAfter: 4 });
    const client = await open();
    client.ask('hello');
    await words(client, 4);
    client.socket.terminate();
    expect(await row()).toMatchObject({ output_tokens: '4', estimated: true });
    expect(await held()).toBe(0);
    await until('the provider is left', () => upstream().closed);
  });

  it('is closed with 1011 where the provider talks rubbish, and costs nothing', async () => {
    harness.emulator.realtime.next({ rubbish: '<html>' });
    const client = await open();
    client.ask('hello');
    expect(await client.closing()).toBe(1011);
    expect(await ledger.rows(user.id)).toEqual([]);
    expect(await held()).toBe(0);
  });

  it('answers rubbish of the client’s with an error event, and sends none of it upstream', async () => {
    const client = await open();
    client.socket.send('rubbish');
    client.socket.send(Buffer.from([1, 2]));
    await client.heard('error', 2);
    client.ask('hello');
    await client.heard('response.done');
    await client.leave();
  });

  it('502: is refused before the upgrade where the provider takes none, without a word of its own', async () => {
    harness.emulator.realtime.refuses = 401;
    const refused = await knock(harness.url, '/session?model=gpt-realtime', { key: user.key });
    expect(refused).toMatchObject({ status: 502, body: { code: 'provider_failed' } });
    expect(JSON.stringify('body' in refused && refused.body)).not.toContain('sk-');
  });
});
