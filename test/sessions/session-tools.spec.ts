import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { type Harness, newHarness, type TestUser } from '../support/harness.js';

import { openSession, type SessionClient } from './session-client.js';

/** The tools that the server runs itself, for models in sessions. */
describe('the server’s tools in a session', () => {
  let harness: Harness;
  let user: TestUser;
  let service: Server;
  const asked: { url: string | undefined; key: string | undefined }[] = [];

  beforeAll(async () => {
    service = createServer(({ url, headers }, response) => {
      asked.push({ url, key: headers.authorization });
      if (url?.startsWith('/moved')) response.writeHead(302, { location: '/elsewhere' }).end();
      else response.end('{"sky":"blue"}');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const env = {
      TOOL_WEATHER_BASE_URL: `${base}/weather`,
      TOOL_WEATHER_API_KEY: 'tool-key-secret',
      TOOL_WEATHER_PER_HOUR: '2',
      TOOL_WEB_SEARCH_BASE_URL: `${base}/moved`,
    };
    harness = await newHarness({ upstream: true, env });
  }, 120_000);

  afterAll(async () => {
    await harness.stop();
    await new Promise((resolve) => service.close(resolve));
  });

  beforeEach(async () => {
    harness.emulator.reset();
    asked.length = 0;
    user = await harness.newUser();
  });

  const open = () => openSession(harness.url, user.key, '/session?model=gpt-4o-mini');
  const tools = [{ type: 'weather' }];
  const outputs = (client: SessionClient) =>
    client
      .all('conversation.item.done')
      .map(({ item }) => item as { type: string; output: string })
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => output);

  it('are run, their answer given to the model, and the next response made, each metered', async () => {
    const client = await open();
    client.ask('how is the sky?', { tools, tool_choice: 'required' });
    await client.heard('response.done', 2);
    expect(outputs(client)).toEqual(['{"sky":"blue"}']);
    expect(asked).toEqual([{ url: '/weather?emulated=true', key: 'Bearer tool-key-secret' }]);
    expect(harness.emulator.requests.at(-1)?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ function: { name: 'weather' } }] },
      { role: 'tool', content: '{"sky":"blue"}' },
    ]);
    expect(client.all('response.output_text.done')).toHaveLength(1);
    await client.leave();
  });

  it('say to the model when the hour’s are used up, in all sessions of the caller, and the session goes on', async () => {
    const [one, two] = [await open(), await open()];
    for (const client of [one, two, one]) {
      const before = client.all('response.done').length;
      client.ask('how is the sky?', { tools, tool_choice: 'required' });
      await client.heard('response.done', before + 2);
    }
    expect(outputs(two)).toEqual(['{"sky":"blue"}']);
    expect(outputs(one)[1]).toContain(
      'tool.weather: 2 an hour are used up. Room returns at 2026-11-21T12:30:00.000Z.',
    );
    expect(asked).toHaveLength(2);
    const other = await openSession(harness.url, (await harness.newUser()).key, '/session?model=gpt-4o-mini');
    other.ask('and here?', { tools, tool_choice: 'required' });
    await other.heard('response.done', 2);
    expect(outputs(other)).toEqual(['{"sky":"blue"}']);
    await Promise.all([one.leave(), two.leave(), other.leave()]);
  });

  it('go nowhere but to their address, and tell nothing of it', async () => {
    const client = await open();
    client.ask('search', { tools: [{ type: 'web_search' }], tool_choice: 'required' });
    await client.heard('response.done', 2);
    expect(outputs(client)).toEqual(['{"error":"web_search cannot be reached right now."}']);
    expect(asked.map(({ url }) => url)).toEqual(['/moved?emulated=true']);
    await client.leave();
  });
});
