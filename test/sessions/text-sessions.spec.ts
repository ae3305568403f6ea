import { request } from 'node:http';
import { connect } from 'node:net';

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { knock, openSession, SessionClient } from './session-client.js';

const MODEL = '/session?model=gpt-4o-mini';

/** Sessions with text models, in which the server speaks the events itself. */
describe('a session with a text model', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    harness = await newHarness({
      upstream: true,
      env: { SESSION_BUDGET_USD: '0.001', SESSION_MAX_PER_USER: '3' },
    });
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
  const sessionOf = async (client: SessionClient) => {
    const { cuota } = await client.heard('session.created');
    return cuota as { sessionId: string; budgetUsd: string; expiresAt: string };
  };

  it('tells its id, budget and end, speaks in deltas, and leaves one row a response under its id', async () => {
    const client = await open();
    const { sessionId, budgetUsd, expiresAt } = await sessionOf(client);
    expect(budgetUsd).toBe('0.001');
    expect(Date.parse(expiresAt) - harness.clock.now()).toBe(30 * 60_000);
    client.ask('say something');
    const done = await client.heard('response.done');
    const said = client.all('response.output_text.delta').map(({ delta }) => delta);
    expect(said.length).toBeGreaterThan(3);
    expect((await client.heard('response.output_text.done')).text).toBe(said.join(''));
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({
      session_id: sessionId,
      operation: 'llm_call',
      estimated: false,
      status: 'settled',
    });
    expect(done.response).toMatchObject({
      status: 'completed',
      usage: { input_tokens: Number(row?.input_tokens), output_tokens: Number(row?.output_tokens) },
      output: [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: said.join('') }] },
      ],
    });
    const cost = String(Number(row?.cost_nano_usd) / 1e9);
    expect(Number((done.cuota as { costUsd: string }).costUsd)).toBeCloseTo(Number(cost), 12);
    client.ask('and more');
    const again = await client.heard('response.done', 2);
    const { costUsd, sessionCostUsd } = again.cuota as { costUsd: string; sessionCostUsd: string };
    expect(Number(sessionCostUsd)).toBeCloseTo(Number(cost) + Number(costUsd), 12);
    const asked = harness.emulator.requests.at(-1)?.body.messages as { role: string; content: string }[];
    expect(asked.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    await client.leave();
  });

  it('serves the official client unchanged', async () => {
    const client = new OpenAI({ apiKey: user.key, baseURL: `${harness.url}/v1` });
    // The client always speaks TLS, which a proxy would end: here it is given the bare connection.
    const port = Number(new URL(harness.url).port);
    const options = { createConnection: () => connect(port, '127.0.0.1') };
    const realtime = new OpenAIRealtimeWS({ model: 'gpt-4o-mini', options }, client);
    const heard: string[] = [];
    realtime.on('event', ({ type }) => heard.push(type));
    await until('it is open', () => heard.includes('session.created'));
    realtime.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
    realtime.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
    });
    realtime.send({ type: 'response.create' });
    await until('it is answered', () => heard.includes('response.done'));
    const types = heard.splice(0);
    expect([...new Set(types)]).toEqual([
      'session.created',
      'session.updated',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ]);
    const [system] = harness.emulator.requests.at(-1)?.body.messages as { content: string }[];
    expect(system).toEqual({ role: 'system', content: 'Be brief.' });

    const called = new Promise<{ readonly call_id: string; readonly arguments: string }>((resolve) => {
      realtime.on('response.function_call_arguments.done', resolve);
    });
    const lights = {
      type: 'function',
      name: 'lights',
      parameters: { type: 'object', properties: {} },
    } as const;
    realtime.send({ type: 'response.create', response: { tools: [lights], tool_choice: 'required' } });
    const { call_id, arguments: args } = await called;
    expect(JSON.parse(args)).toEqual({ emulated: true });
    await until('the call is whole', () => heard.includes('response.done'));
    expect(heard).toContain('response.function_call_arguments.delta');
    const output = { type: 'function_call_output', call_id, output: 'on' } as const;
    realtime.send({ type: 'conversation.item.create', item: output });
    realtime.send({ type: 'response.create' });
    await until('its answer is used', () => heard.filter((type) => type === 'response.done').length === 2);
    expect(harness.emulator.requests.at(-1)?.body.messages).toContainEqual(
      expect.objectContaining({ role: 'tool', tool_call_id: call_id, content: 'on' }),
    );
    realtime.close();
  });

  it('hands the client’s functions to it, and their results to the model', async () => {
    const client = await open();
    const tools = [{ type: 'function', name: 'lights', parameters: { type: 'object', properties: {} } }];
    client.ask('lights on', { tools, tool_choice: 'required' });
    const called = await client.heard('response.function_call_arguments.done');
    expect(called).toMatchObject({ name: 'lights', arguments: '{"emulated":true}' });
    await client.heard('response.done');
    const item = { type: 'function_call_output', call_id: called.call_id, output: 'on' };
    client.say({ type: 'conversation.item.create', item });
    client.say({ type: 'response.create' });
    await client.heard('response.done', 2);
    expect(harness.emulator.requests.at(-1)?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: called.call_id, function: { name: 'lights' } }] },
      { role: 'tool', tool_call_id: called.call_id, content: 'on' },
    ]);
    await client.leave();
  });

  it('G1: is closed with 4429 at its budget and never after: no row takes it past', async () => {
    const client = await open();
    const { sessionId } = await sessionOf(client);
    harness.emulator.always({ outputTokens: 300 });
    while (!client.closed) {
      const before = client.all('response.done').length;
      client.ask('go on '.repeat(50));
      await until('it is answered or closed', () => {
        return client.closed !== undefined || client.all('response.done').length > before;
      });
    }
    expect(client.closed.code).toBe(4429);
    expect(client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'budget_exceeded' } });
    const error = client.events.at(-1)?.error as { limits: { name: string; max: string }[] };
    expect(error.limits).toMatchObject([{ name: 'session.cost' }]);
    const rows = await ledger.rows(user.id);
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.every((row) => row.session_id === sessionId)).toBe(true);
    const spent = rows.reduce((sum, row) => sum + Number(row.cost_nano_usd), 0);
    expect(spent).toBeLessThanOrEqual(1_000_000);
    // What goes upstream is capped by what is left.
    expect(Math.min(...rows.map((row) => Number(row.output_tokens)))).toBeLessThan(300);
  });

  it('G2: meets its user’s quota too, and is closed with 4429 at it', async () => {
    user = await harness.newUser({ monthlyCallLimit: 1 });
    const client = await open();
    client.ask('one');
    await client.heard('response.done');
    client.ask('two');
    expect(await client.closing()).toBe(4429);
    expect(client.events.at(-1)).toMatchObject({ error: { code: 'insufficient_quota' } });
    expect((await ledger.ledger(user.id)).rows).toBe(1);
  });

  it('G11: whose client vanishes pays what was sent', async () => {
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 11, usage: 'none' });
    const client = await open();
    client.ask('a long story');
    await until('ten words are there', () => client.all('response.output_text.delta').length >= 10);
    client.socket.terminate();
    await until('it is settled', async () => (await ledger.rows(user.id)).length === 1);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ estimated: true, output_tokens: '10' });
    harness.emulator.release();
  });

  it('cancels a response, which costs what was sent, and goes on', async () => {
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 6, usage: 'none' });
    const client = await open();
    client.ask('a long story');
    await until('five words are there', () => client.all('response.output_text.delta').length >= 5);
    client.say({ type: 'response.create' });
    expect((await client.heard('error')).error).toMatchObject({ type: 'invalid_request_error' });
    client.say({ type: 'response.cancel' });
    const done = await client.heard('response.done');
    expect(done.response).toMatchObject({ status: 'cancelled', usage: { output_tokens: 5 } });
    client.ask('again');
    expect((await client.heard('response.done', 2)).response).toMatchObject({ status: 'completed' });
    await client.leave();
    harness.emulator.release();
  });

  it('answers rubbish with an error event that names the event, and goes on', async () => {
    const client = await open();
    client.socket.send('{"type": ');
    client.socket.send('[]');
    client.socket.send(Buffer.from([1, 2, 3]));
    client.say({ type: 'no.such.event', event_id: 'mine' });
    client.say({ type: 'conversation.item.create', item: { type: 'message', role: 'robot', content: [] } });
    client.say({ type: 'session.update', session: { output_modalities: ['audio'] } });
    await client.heard('error', 6);
    const faults = client.all('error').map(({ error }) => (error as { code: string }).code);
    expect(faults).toEqual([
      ...['invalid_json', 'invalid_json', 'invalid_json', 'unknown_event'],
      ...['invalid_value', 'invalid_value'],
    ]);
    expect(client.all('error')[3]?.error).toMatchObject({ event_id: 'mine', param: 'type' });
    client.ask('hello');
    await client.heard('response.done');
    await client.leave();
    expect((await harness.newUser()).id).not.toBe(user.id);
  });

  it('tells of a provider that fails, charges nothing, and goes on', async () => {
    harness.emulator.always({ status: 500 });
    const client = await open();
    client.ask('hello');
    const failed = await client.heard('response.done');
    expect(failed.response).toMatchObject({ status: 'failed', usage: null });
    expect(failed.cuota).toMatchObject({ costUsd: '0' });
    expect(await ledger.rows(user.id)).toEqual([]);
    await client.leave();
  });

  it('G12: is closed once its API key is revoked', async () => {
    const client = await open();
    await client.heard('session.created');
    await user.api.delete(`/me/api-keys/${user.keyId}`);
    client.ask('hello');
    expect(await client.closing()).toBe(1008);
    expect(await ledger.rows(user.id)).toEqual([]);
  });

  it('is closed with 4408 when its time is over, its response settled as far as it was sent', async () => {
    harness.emulator.next({ outputTokens: 40, holdAfterChunks: 6, usage: 'none' });
    const client = await open();
    client.ask('a long story');
    await until('five words are there', () => client.all('response.output_text.delta').length >= 5);
    harness.clock.advance(30 * 60_000 - 1);
    harness.clock.advance(1);
    expect(await client.closing()).toBe(4408);
    expect(client.all('error')[0]?.error).toMatchObject({
      message: expect.stringContaining('session.duration') as string,
    });
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ output_tokens: '5', estimated: true });
    harness.emulator.release();
  });

  it('G12: is each user’s own: nobody hears or pays for another', async () => {
    const other = await harness.newUser();
    const [mine, theirs] = [await open(), await openSession(harness.url, other.key, MODEL)];
    mine.ask('mine');
    theirs.ask('theirs');
    await Promise.all([mine.heard('response.done'), theirs.heard('response.done')]);
    const ids = [(await sessionOf(mine)).sessionId, (await sessionOf(theirs)).sessionId];
    expect((await ledger.rows(user.id)).map((row) => row.session_id)).toEqual([ids[0]]);
    expect((await ledger.rows(other.id)).map((row) => row.session_id)).toEqual([ids[1]]);
    await Promise.all([mine.leave(), theirs.leave()]);
  });

  describe('G12: other calls may name it in X-Session-Id', () => {
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }], max_tokens: 20 };
    const call = (by: TestUser, id: string) =>
      by.api.post('/v1/chat/completions', chat, { 'X-Session-Id': id });

    it('and are charged to it, under its budget, while it goes on and to nobody but its user', async () => {
      const client = await open();
      const { sessionId } = await sessionOf(client);
      expect((await call(user, sessionId)).status).toBe(200);
      const [row] = await ledger.rows(user.id);
      expect(row).toMatchObject({ session_id: sessionId });
      client.ask('hello');
      const { cuota } = await client.heard('response.done');
      const { costUsd, sessionCostUsd } = cuota as { costUsd: string; sessionCostUsd: string };
      expect(Number(sessionCostUsd)).toBeCloseTo(Number(costUsd) + Number(row?.cost_nano_usd) / 1e9, 12);

      expect((await call(await harness.newUser(), sessionId)).status).toBe(404);
      expect((await call(user, 'not an id')).status).toBe(400);
      const dear = { ...chat, messages: [{ role: 'user', content: 'word '.repeat(8_000) }] };
      const denied = await user.api.post('/v1/chat/completions', dear, { 'X-Session-Id': sessionId });
      expect(denied).toMatchObject({ status: 429, body: { error: { code: 'budget_exceeded' } } });
      await client.leave();
      await until('it is over for calls too', async () => (await call(user, sessionId)).status === 404);
    });
  });

  describe('is refused before the upgrade', () => {
    const refused = async (path: string, wish: Parameters<typeof knock>[2]) => {
      const answer = await knock(harness.url, path, wish);
      if (answer instanceof SessionClient) throw new Error('it was let in');
      return answer;
    };

    it('401: without a good credential, in the form of its path', async () => {
      expect((await refused('/session', {})).status).toBe(401);
      const wrong = await refused('/session', { key: 'cuota_nobody' });
      expect(wrong.body).toMatchObject({ code: 'unauthorized', type: 'urn:cuota:problem:unauthorized' });
      const openAi = await refused('/v1/realtime?model=gpt-4o-mini', { key: 'cuota_nobody' });
      expect(openAi).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    });

    it('404: for a model that nobody serves, and for any other path', async () => {
      expect((await refused('/session?model=nobody', { key: user.key })).status).toBe(404);
      expect((await refused('/elsewhere', { key: user.key })).status).toBe(404);
    });

    it('429: with as many open as one may have', async () => {
      const clients = [await open(), await open(), await open()];
      const answer = await refused(MODEL, { key: user.key });
      expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limit_exceeded' } });
      await Promise.all(clients.map((client) => client.leave()));
      await until('the room is back', async () => {
        const next = await knock(harness.url, MODEL, { key: user.key });
        if (next instanceof SessionClient) await next.leave();
        return next instanceof SessionClient;
      });
    });

    it('429: past five connections at once, whichever path they take, with Retry-After', async () => {
      user = await harness.newUser({}, 'free');
      for (const path of [MODEL, MODEL, MODEL, '/v1/realtime?model=gpt-4o-mini', MODEL])
        await (await openSession(harness.url, user.key, path)).leave();
      const answer = await refused(MODEL, { key: user.key });
      expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limit_exceeded' } });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    });
  });

  it('takes a key as a subprotocol, as OpenAI’s clients in browsers give it, and does not echo it', async () => {
    const protocols = ['realtime', `openai-insecure-api-key.${user.key}`];
    const client = await knock(harness.url, '/v1/realtime?model=gpt-4o-mini', { protocols });
    if (!(client instanceof SessionClient)) throw new Error('it was refused');
    expect(client.socket.protocol).toBe('realtime');
    await client.leave();
    expect(harness.log.join('\n')).not.toContain(user.key);
  });

  it('says to a plain request that it is a WebSocket, and reads the body of one that offers h2c', async () => {
    expect((await user.api.get('/session')).status).toBe(400);
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] });
    const headers = {
      ...{ authorization: `Bearer ${user.key}`, 'content-type': 'application/json' },
      ...{ connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
    };
    const status = await new Promise((resolve, reject) => {
      const call = request(`${harness.url}/v1/chat/completions`, { method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      call.once('error', reject);
      call.end(body);
    });
    expect(status).toBe(200);
  });
});
