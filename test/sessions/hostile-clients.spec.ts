import { Socket } from 'node:net';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { knock, openSession, SessionClient } from './session-client.js';

const TEXT = '/v1/realtime?model=gpt-4o-mini';
const RELAYED = '/v1/realtime?model=gpt-realtime';
const BOTH = [
  ['text', TEXT],
  ['relayed', RELAYED],
] as const;

const tooDeep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
const deepTools = `[{"type":"function","name":"f","parameters":${tooDeep}}]`;

/** Clients that send what no client should, and leave when it suits least. */
describe('sessions of hostile and clumsy clients', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    const env = { PROVIDER_UPSTREAM_MODELS: 'gpt-4o-mini,gpt-realtime', SESSION_BUDGET_USD: '1000' };
    const system = { HOURLY_BUDGET_USD: '0', CIRCUIT_BREAKER_USD: '0' };
    harness = await newHarness({ upstream: true, env: { ...env, ...system } });
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

  const open = async (path: string) => {
    const client = await openSession(harness.url, user.key, path);
    await client.heard('session.created');
    return client;
  };
  const usage = async (name: string) => {
    const { body } = await user.api.get('/me/usage');
    const limits = body.limits as { name: string; used: number; reserved: number }[];
    return limits.find((limit) => limit.name === name) ?? { used: -1, reserved: -1 };
  };
  /** Ledger and counters have the same, and nothing is held any more. */
  const settled = () =>
    until('all is settled', async () => {
      const { rows, tokens } = await ledger.ledger(user.id);
      const [calls, counted] = [await usage('user.month.calls'), await usage('user.month.tokens')];
      return calls.reserved + counted.reserved === 0 && calls.used === rows && counted.used === tokens;
    });
  const goesOn = async (client: SessionClient) => {
    const before = client.all('response.done').length;
    client.ask('hello');
    await client.heard('response.done', before + 1);
    await client.leave();
    await settled();
  };

  it.each(
    BOTH.flatMap(([kind, path]) => [
      [kind, path, `{"type":"session.update","event_id":"e","session":{"tools":${deepTools}}}`] as const,
      [kind, path, `{"type":"response.create","event_id":"e","response":{"tools":${deepTools}}}`] as const,
      [kind, path, `{"type":"conversation.item.create","event_id":"e","item":${tooDeep}}`] as const,
    ]),
  )('a %s one answers an event that is nested too deep with an error, and goes on', async (_, path, text) => {
    const client = await open(path);
    client.socket.send(text);
    const { error } = await client.heard('error');
    expect(error).toMatchObject({
      type: 'invalid_request_error',
      code: 'invalid_value',
      event_id: 'e',
    });
    await goesOn(client);
  });

  it.each(BOTH)('a %s one is told back no more than it needs', async (_, path) => {
    const client = await open(path);
    client.socket.send(JSON.stringify({ type: 'response.create', event_id: 'x'.repeat(3_000_000) }));
    const { error } = await client.heard('error');
    expect(JSON.stringify(error).length).toBeLessThan(1_000);
    await goesOn(client);
  });

  it('a text one does not tell a long name of an event back', async () => {
    const client = await open(TEXT);
    client.say({ type: 'x'.repeat(3_000_000) });
    const { error } = await client.heard('error');
    expect(error).toMatchObject({ code: 'unknown_event' });
    expect(JSON.stringify(error).length).toBeLessThan(1_000);
    await goesOn(client);
  });

  it('G4: responses that are asked for under one name are given back one by one where they are refused', async () => {
    for (let at = 0; at < 3; at++) harness.emulator.realtime.next({ ignores: true });
    const client = await open(RELAYED);
    for (let at = 0; at < 3; at++) client.say({ type: 'response.create', event_id: 'same' });
    // The one ahead is not held again before it is needed.
    await until('three are held', async () => (await usage('user.month.calls')).reserved === 3);
    const [upstream] = harness.emulator.realtime.sessions;
    const error = { type: 'invalid_request_error', code: 'busy', message: 'No.', event_id: 'same' };
    for (let at = 0; at < 3; at++) upstream?.say({ type: 'error', error });
    await client.heard('error', 3);
    await until('the next one alone is held', async () => (await usage('user.month.calls')).reserved === 1);
    await goesOn(client);
  });

  it.each(BOTH)(
    'a thousand responses at once of a %s one are all paid for, and none twice',
    async (_, path) => {
      const client = await open(path);
      client.ask('hello');
      for (let at = 0; at < 1000; at++) client.say({ type: 'response.create' });
      const answers = () => client.all('response.done').length + client.all('error').length;
      await until('all are answered', () => answers() === 1001, 25_000);
      await client.leave();
      await settled();
      expect(await ledger.rows(user.id)).toHaveLength(client.all('response.done').length);
    },
  );

  const LEAVING: readonly (readonly [string, (client: SessionClient) => Promise<void> | void])[] = [
    ['at once', () => undefined],
    [
      'having asked',
      (client) => {
        client.ask('hello');
      },
    ],
    [
      'having asked and cancelled',
      (client) => {
        client.ask('hello');
        client.say({ type: 'response.cancel' });
      },
    ],
    [
      'in the middle of an event',
      ({ socket }) => {
        socket.send('{"type":"response.create"', { fin: false });
      },
    ],
    [
      'while it speaks',
      async (client) => {
        client.ask('hello');
        await client.heard('response.output_text.delta', 3);
      },
    ],
    [
      'with a frame that is none',
      (client) => {
        client.ask('hello');
        rawOf(client).write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]));
      },
    ],
    [
      'with a message that is too large',
      (client) => {
        client.ask('hello');
        client.socket.send('x'.repeat(5_000_000));
      },
    ],
  ];

  it.each(BOTH.flatMap(([kind, path]) => LEAVING.map(([how, leave]) => [kind, how, path, leave] as const)))(
    'G4: a %s one whose client leaves %s holds nothing, and has paid what it was sent',
    async (_kind, _how, path, leave) => {
      const client = await open(path);
      await leave(client);
      client.socket.terminate();
      await until('it is gone', () => client.closed !== undefined);
      await settled();
      for (const session of harness.emulator.realtime.sessions)
        await until('the provider is left', () => session.closed);
    },
  );

  it('a key as the first of several subprotocols is taken, one that is none is a 401', async () => {
    const key = `openai-insecure-api-key.${user.key}`;
    const client = await knock(harness.url, TEXT, {
      protocols: [key, 'realtime', 'openai-beta.realtime-v1'],
    });
    if (!(client instanceof SessionClient)) throw new Error('refused');
    expect(client.socket.protocol).toBe('realtime');
    await goesOn(client);
    for (const wrong of ['openai-insecure-api-key.', 'openai-insecure-api-key.x'])
      expect(await knock(harness.url, TEXT, { protocols: ['realtime', wrong] })).toMatchObject({
        status: 401,
      });
  });
});

/** Under the WebSocket, where no library minds what is written. */
function rawOf({ socket }: SessionClient): Socket {
  const raw: unknown = Reflect.get(socket, '_socket');
  if (raw instanceof Socket) return raw;
  throw new Error('The socket is closed.');
}
