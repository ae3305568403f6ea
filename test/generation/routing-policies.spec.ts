import { ProviderHealth } from '../../src/providers/index.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

const CHAT = { model: 'chat', messages: [{ role: 'user', content: 'Tell me about the sea.' }] };

/** Alpha is first in order, beta the cheapest, gamma the fastest: a wrong policy is seen. */
describe.each([
  ['primary', ['alpha', 'beta', 'gamma']],
  ['cost_weighted', ['beta', 'gamma', 'alpha']],
  ['latency_weighted', ['gamma', 'beta', 'alpha']],
])('ROUTING_POLICY=%s', (policy, order) => {
  let harness: Harness;
  let emulators: Record<string, Emulator>;
  let user: TestUser;

  beforeAll(async () => {
    const [alpha, beta, gamma] = await Promise.all([startEmulator(), startEmulator(), startEmulator()]);
    emulators = { alpha, beta, gamma };
    harness = await newHarness({
      env: {
        ROUTING_POLICY: policy,
        PROVIDER_ORDER: 'alpha,beta,gamma',
        ...providerAt('gamma', gamma, { models: 'chat=gpt-4.1-mini' }),
        ...providerAt('alpha', alpha, { models: 'chat=gpt-4o' }),
        ...providerAt('beta', beta, { models: 'chat=gpt-4o-mini' }),
      },
    });
    user = await harness.newUser();
    const health = harness.app.get(ProviderHealth);
    const latency = { alpha: 300, beta: 200, gamma: 100 };
    for (const [name, ms] of Object.entries(latency)) {
      for (const measure of ['llm_call', 'llm_call.first_byte']) health.took(name, measure, ms);
    }
    for (const emulator of Object.values(emulators)) emulator.always({ status: 500 });
  });

  afterAll(async () => {
    await harness.stop();
    await Promise.all(Object.values(emulators).map((emulator) => emulator.stop()));
  });

  it.each([false, true])('tries one provider after the other in its order (stream: %s)', async (stream) => {
    harness.clock.advance(60_000);
    const answer = await user.api.post('/v1/chat/completions', { ...CHAT, stream });
    expect([answer.status, answer.body.error]).toEqual([
      503,
      expect.objectContaining({ code: 'providers_exhausted' }),
    ]);
    expect(answer.body.error.attempts.map(({ provider }: { provider: string }) => provider)).toEqual(order);
  });

  it('measures how long a provider takes, of a stream until its first chunk', async () => {
    harness.clock.advance(60_000);
    const last = emulators[order[2] ?? ''];
    const before = await latencyOf(order[2] ?? '');
    last?.next({ holdAfterChunks: 3 });
    const response = await user.api.open('/v1/chat/completions', { ...CHAT, stream: true });
    await until('its first byte is counted', async () => (await latencyOf(order[2] ?? '')) !== before);
    last?.release();
    await response.text();
  });

  async function latencyOf(name: string): Promise<number | undefined> {
    const { body } = await harness.admin.get('/admin/providers');
    return body.items.find((one: { name: string }) => one.name === name).latencyMs['llm_call.first_byte'];
  }
});
