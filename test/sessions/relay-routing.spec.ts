import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

import { knock, openSession, SessionClient } from './session-client.js';

const VOICE = '/v1/realtime?model=voice';

/** Who holds a session with a realtime model: chosen, rated and followed by the next as in every call. */
describe('a relayed session', () => {
  let harness: Harness;
  let alpha: Emulator;
  let beta: Emulator;
  let user: TestUser;
  let names = 0;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([startEmulator(), startEmulator()]);
    harness = await newHarness({
      env: {
        ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('hex'),
        ROUTING_PERMIT_WAIT_MS: '0',
        PROVIDER_ORDER: 'alpha,beta',
        SESSION_BUDGET_USD: '0',
        ...providerAt('alpha', alpha, {
          models: 'gpt-4o-mini',
          more: { REALTIME_MODELS: 'voice=speaker-1' },
        }),
        ...providerAt('beta', beta, {
          models: 'gpt-4o-mini',
          more: { REALTIME_MODELS: 'voice=speaker-2', RATE_PER_SEC: '2' },
        }),
      },
    });
  }, 120_000);

  afterAll(async () => {
    await harness.stop();
    await Promise.all([alpha.stop(), beta.stop()]);
  });

  beforeEach(async () => {
    for (const emulator of [alpha, beta]) emulator.reset();
    // Whoever rested has rested enough, and every bucket is full.
    harness.clock.advance(3_600_000);
    user = await harness.newUser();
  });

  const keysAt = ({ realtime }: Emulator) =>
    realtime.sessions.map(({ request }) => String(request.headers.authorization).replace('Bearer ', ''));
  const modelsAt = ({ realtime }: Emulator) => realtime.sessions.map(({ request }) => request.url);

  /** Asks, and hears what came of it. */
  async function ask(client: SessionClient): Promise<'done' | 'refused'> {
    const [done, refused] = [client.all('response.done').length, client.all('error').length];
    client.ask('on');
    await until('it is answered', () => {
      return client.all('response.done').length > done || client.all('error').length > refused;
    });
    return client.all('response.done').length > done ? 'done' : 'refused';
  }

  it('is held with a model that the operator named, whatever its name says, and with no other', async () => {
    const client = await openSession(harness.url, user.key, VOICE);
    expect(await ask(client)).toBe('done');
    expect(modelsAt(alpha)).toEqual(['/v1/realtime?model=speaker-1']);
    await client.leave();
    const text = await openSession(harness.url, user.key, '/session?model=gpt-4o-mini');
    await text.heard('session.created');
    expect(alpha.realtime.sessions).toHaveLength(1);
    await text.leave();
  });

  it.each([[429], [401], [500]])(
    'goes to the next provider where one answers %i, which rests',
    async (status) => {
      alpha.realtime.refuses = status;
      for (let at = 0; at < 2; at++) {
        const client = await openSession(harness.url, user.key, VOICE);
        alpha.realtime.refuses = undefined;
        await client.leave();
      }
      expect(modelsAt(beta)).toEqual(['/v1/realtime?model=speaker-2', '/v1/realtime?model=speaker-2']);
      expect(alpha.realtime.sessions).toEqual([]);
    },
  );

  it('takes a permit of its provider’s rate for each response, the first with its connection', async () => {
    alpha.realtime.refuses = 500;
    const client = await openSession(harness.url, user.key, VOICE);
    expect([await ask(client), await ask(client), await ask(client)]).toEqual(['done', 'done', 'refused']);
    expect(client.all('error')[0]?.error).toMatchObject({ code: 'providers_exhausted' });
    const refused = await knock(harness.url, VOICE, { key: user.key });
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'providers_exhausted' } } });
    harness.clock.advance(500);
    expect(await ask(client)).toBe('done');
    // One that the provider makes by itself is not held back, and takes what is there.
    harness.clock.advance(500);
    beta.realtime.sessions[0]?.respond();
    await client.heard('response.done', 4);
    expect(await ask(client)).toBe('refused');
    await client.leave();
  });

  it('goes with the own key that has most left, never with the operator’s', async () => {
    const [one, two] = [`sk-own-a-${++names}`, `sk-own-b-${names}`];
    const rated = (api_key: string, rate_limit: number) => ({
      ...{ name: 'alpha', api_key, rate_limit, rate_limit_period: 3600 },
    });
    const workspace = `relay-${names}`;
    const providers = [rated(one, 2), rated(two, 4)];
    const made = await user.api.post('/workspaces', { workspace_id: workspace, providers });
    expect(made.status).toBe(201);
    const inWorkspace = { 'x-workspace-id': workspace };
    const open = () => knock(harness.url, VOICE, { key: user.key, headers: inWorkspace });
    const [first, second, third] = [await open(), await open(), await open()];
    expect(keysAt(alpha)).toEqual([two, two, one]);
    if (!(first instanceof SessionClient) || !(third instanceof SessionClient)) throw new Error('refused');
    const answers = [await ask(first), await ask(first), await ask(first), await ask(first)];
    expect(answers).toEqual(['done', 'done', 'done', 'refused']);
    expect([await ask(third), await ask(third), await ask(third)]).toEqual(['done', 'done', 'refused']);
    // The operator's other provider is the next one, as in every call; his key at this one is not.
    const next = await open();
    expect(keysAt(beta)).toEqual(['sk-beta-secret']);
    expect(keysAt(alpha)).toHaveLength(3);
    for (const client of [first, second, third, next])
      if (client instanceof SessionClient) await client.leave();
  });
});
