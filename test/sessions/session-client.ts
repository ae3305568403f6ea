import { WebSocket } from 'ws';

import { until } from '../support/until.js';

/** An event as it came. */
export type SessionEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** A refusal before the upgrade. */
export interface Refused {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A client of sessions that keeps all it hears. */
export class SessionClient {
  readonly events: SessionEvent[] = [];
  closed: { readonly code: number } | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.events.push(JSON.parse(data.toString('utf8')) as SessionEvent);
    });
    socket.on('close', (code) => {
      this.closed = { code };
    });
    socket.on('error', () => undefined);
  }

  say(event: Readonly<Record<string, unknown>>): void {
    this.socket.send(JSON.stringify(event));
  }

  ask(text: string, response: Readonly<Record<string, unknown>> = {}): void {
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    this.say({ type: 'conversation.item.create', item });
    this.say({ type: 'response.create', response });
  }

  all(type: string): SessionEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** The n-th event of a type, as soon as it is there. */
  async heard(type: string, count = 1): Promise<SessionEvent> {
    await until(`${count} ${type} of ${this.events.map((event) => event.type).join(' ')}`, () => {
      return this.all(type).length >= count;
    });
    return this.all(type)[count - 1] as SessionEvent;
  }

  async closing(): Promise<number> {
    await until(`the session is closed`, () => this.closed !== undefined);
    return this.closed?.code ?? 0;
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.closing();
  }
}

interface Knocking {
  readonly key?: string;
  readonly protocols?: string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** False: pings are not answered, as by one that has vanished. */
  readonly autoPong?: boolean;
}

/** Opens a session, or is refused. */
export async function knock(
  url: string,
  path: string,
  { key, protocols = [], headers: more = {}, autoPong = true }: Knocking = {},
): Promise<SessionClient | Refused> {
  const headers = { ...more, ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const socket = new WebSocket(url.replace('http', 'ws') + path, protocols, { headers, autoPong });
  const client = new SessionClient(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve(client);
    });
    socket.once('unexpected-response', (_request, response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const body = JSON.parse(text) as Refused['body'];
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    });
    socket.once('error', reject);
  });
}

/** Opens a session that is not refused. */
export async function openSession(url: string, key: string, path = '/session'): Promise<SessionClient> {
  const client = await knock(url, path, { key });
  if (client instanceof SessionClient) return client;
  throw new Error(`refused: ${JSON.stringify(client)}`);
}
