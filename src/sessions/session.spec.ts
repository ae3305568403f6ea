import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { Logger } from '@nestjs/common';
import { WebSocket, WebSocketServer } from 'ws';

import { Session, type SessionFacts, type Talk } from './session.js';
import { SessionSocket } from './session-socket.js';

const FACTS: SessionFacts = {
  id: '01a21929-81ff-790f-9579-d9f7c28c2330',
  requestId: 'request',
  caller: {},
  budgetNanoUsd: 0,
  startedAtMs: 0,
  expiresAtMs: 1,
};

/** What nobody has foreseen is one session's end at the most, and never the server's. */
describe('a session whose talk fails', () => {
  let http: Server;
  let client: WebSocket;
  let server: WebSocket;
  let overs: string[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    http = createServer();
    new WebSocketServer({ server: http }).on('connection', (opened) => (server = opened));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => new Promise((resolve) => http.close(resolve)));

  beforeEach(async () => {
    overs = [];
    client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    await once(client, 'open');
  });

  afterEach(() => {
    client.terminate();
  });

  const begin = (talk: Talk) => {
    const told = overs;
    const session = new Session(
      FACTS,
      new SessionSocket(server),
      () => 0,
      (_, ending) => told.push(ending),
    );
    session.begin(talk);
    return session;
  };

  it('tells its client each time, and hears on', async () => {
    const heard: (string | undefined)[] = [];
    begin({
      hear: (text) => {
        heard.push(text);
        throw new RangeError('Maximum call stack size exceeded');
      },
      end: () => Promise.resolve(),
    });
    for (const text of ['one', 'two']) {
      client.send(text);
      const [data] = (await once(client, 'message')) as [Buffer];
      const { error } = JSON.parse(data.toString('utf8')) as { error: { code: string; message: string } };
      expect(error.code).toBe('internal_error');
      expect(error.message).not.toContain('stack');
    }
    expect(heard).toEqual(['one', 'two']);
  });

  it('comes to its end all the same, once', async () => {
    const closed = once(client, 'close');
    const session = begin({ hear: () => undefined, end: () => Promise.reject(new Error('no store')) });
    await session.end('expired');
    await session.end('closed');
    const [code] = (await closed) as [number];
    expect(code).toBe(4408);
    expect(overs).toEqual(['expired']);
  });
});
