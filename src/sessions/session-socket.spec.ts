import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { WebSocket, WebSocketServer } from 'ws';

import { SessionSocket } from './session-socket.js';

const HIGH_WATER_BYTES = 256 * 1024;
const ANSWER = 'x'.repeat(64 * 1024);

/** Real sockets; the client reads when it is told to. */
describe('the client’s end of a session', () => {
  let http: Server;
  let client: WebSocket;
  let server: WebSocket;
  let socket: SessionSocket;
  let url: string;

  beforeAll(async () => {
    http = createServer();
    const sockets = new WebSocketServer({ server: http, autoPong: false });
    sockets.on('connection', (opened) => (server = opened));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => http.close(resolve)));

  beforeEach(async () => {
    client = new WebSocket(url);
    await once(client, 'open');
    socket = new SessionSocket(server, 50, 50);
  });

  afterEach(() => {
    client.terminate();
  });

  /** Sends until it has to wait; resolves with what that wait becomes. */
  async function fill(): Promise<{ readonly wait: Promise<void> }> {
    for (;;) {
      const wait = socket.send(ANSWER);
      const kept = await Promise.race([wait.then(() => false), setImmediate(true)]);
      if (kept) return { wait };
    }
  }

  /** The most that is ever buffered, as looked at whenever something is heard. */
  function answering(): { readonly most: () => number } {
    let most = 0;
    socket.onMessage(() => {
      void socket.send(ANSWER);
      most = Math.max(most, server.bufferedAmount);
    });
    return { most: () => most };
  }

  it('hears no more of a client that does not read, so that what it is sent stays bounded', async () => {
    const { most } = answering();
    client.pause();
    const unread = new Promise<void>((resolve) => {
      socket.onUnread(resolve);
    });
    for (let at = 0; at < 2_000; at++) client.send('{}');
    await unread;
    expect(most()).toBeLessThan(HIGH_WATER_BYTES + 3 * ANSWER.length);
    expect(most()).toBeGreaterThanOrEqual(HIGH_WATER_BYTES);
  });

  it('answers all of them, in order, as it reads on', async () => {
    let asked = 0;
    socket.onMessage((text) => {
      asked++;
      void socket.send(`${text}${ANSWER}`);
    });
    const heard: string[] = [];
    client.on('message', (data: Buffer) => heard.push(data.toString('utf8', 0, 4)));
    client.pause();
    for (let at = 1_000; at < 1_400; at++) client.send(String(at));
    const { wait } = await fill();
    client.resume();
    await wait;
    while (asked < 400 || heard.filter((text) => text !== 'xxxx').length < 400) await setImmediate();
    const answers = heard.filter((text) => text !== 'xxxx');
    expect(answers).toEqual(Array.from({ length: 400 }, (_, at) => String(1_000 + at)));
  });

  it('hears one message at a time: what is slow upstream is not piled up here', async () => {
    let hearing = 0;
    let most = 0;
    let done = 0;
    socket.onMessage(async () => {
      most = Math.max(most, ++hearing);
      await setImmediate();
      hearing--;
      done++;
    });
    for (let at = 0; at < 200; at++) client.send('{}');
    while (done < 200) await setImmediate();
    expect(most).toBe(1);
    expect(server.isPaused).toBe(false);
  });

  it('does not answer the pings of a client that does not read', async () => {
    client.pause();
    socket.onUnread(() => undefined);
    await fill();
    const before = server.bufferedAmount;
    let pings = 0;
    server.on('ping', () => pings++);
    for (let at = 0; at < 1_000; at++) client.ping('x'.repeat(100));
    while (pings < 1_000) await setImmediate();
    expect(server.bufferedAmount).toBeLessThanOrEqual(before);
  });

  it('keeps nobody waiting once it is to hurry, and drops who does not hear the end', async () => {
    client.pause();
    const { wait } = await fill();
    socket.hurry();
    await wait;
    await socket.send(ANSWER);
    socket.close(1001, 'the end');
    await once(server, 'close');
  });

  it('lets who waits go on when the client is gone', async () => {
    client.pause();
    const { wait } = await fill();
    client.terminate();
    await wait;
  });
});
