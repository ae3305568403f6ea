import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { type Duplex } from 'node:stream';

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyReply } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';

import { validationFailed } from '../errors.js';

/** A message of a client is no larger: sound comes in small pieces. */
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A browser cannot set headers, so OpenAI's clients there name the key as a subprotocol. */
const KEY_PROTOCOL = 'openai-insecure-api-key.';
/** The subprotocol that is spoken, for clients that name one. */
const SPOKEN = 'realtime';

interface Knock {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly response: ServerResponse;
}

/**
 * Turns requests into WebSockets. One that asks for it goes the way of all requests first, through router and guards, so
 * that it is identified, rated, logged and refused as they are: with a plain answer. Only its handler opens it.
 */
@Injectable()
export class SessionDoor implements OnApplicationBootstrap {
  private readonly knocks = new WeakMap<IncomingMessage, Knock>();
  private readonly told = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Answered by us, to who reads the answers.
    autoPong: false,
    maxPayload: MOST_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(SPOKEN) ? SPOKEN : false),
  });

  constructor(private readonly host: HttpAdapterHost) {
    this.sockets.on('headers', (lines, request) => {
      const headers = this.told.get(request) ?? {};
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    });
  }

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (socket instanceof Socket) this.knock(server, request, { socket, head });
      else socket.destroy();
    });
  }

  /**
   * Opens the WebSocket that a request asked for.
   * @param headers go out with the 101.
   * @throws CodedError `validation_failed` for a request that asked for none.
   */
  open(reply: FastifyReply, headers: Readonly<Record<string, string>>): WebSocket | undefined {
    const request = reply.request.raw;
    const knock = this.knocks.get(request);
    if (!knock) throw notAsked();
    reply.hijack();
    const { socket, head, response } = knock;
    response.detachSocket(socket);
    this.told.set(request, headers);
    let opened: WebSocket | undefined;
    // Calls back before it returns, or has answered a handshake that is none by itself.
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      opened = webSocket;
    });
    response.statusCode = opened ? 101 : 400;
    response.emit('close');
    return opened;
  }

  /** @throws CodedError `validation_failed` for a request that does not ask for a WebSocket. */
  checkAsked(request: IncomingMessage): void {
    if (!this.knocks.has(request)) throw notAsked();
  }

  private knock(server: Server, request: IncomingMessage, { socket, head }: Omit<Knock, 'response'>): void {
    socket.on('error', () => socket.destroy());
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      readAsPlain(server, request, { socket, head });
      return;
    }
    takeKey(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.destroySoon();
    });
    this.knocks.set(request, { socket, head, response });
    server.emit('request', request, response);
  }
}

/** Clients of HTTP/2 offer to upgrade any request (`h2c`): that may be ignored, and its body is to be read. */
function readAsPlain(
  server: Server,
  request: IncomingMessage,
  { socket, head }: Omit<Knock, 'response'>,
): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (/^(upgrade|http2-settings|connection)$/i.test(name)) continue;
    lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`);
  }
  socket.removeAllListeners('error');
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function takeKey({ headers }: IncomingMessage): void {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  const named = offered.find((name) => name.startsWith(KEY_PROTOCOL));
  if (named === undefined) return;
  headers.authorization ??= `Bearer ${named.slice(KEY_PROTOCOL.length)}`;
  const others = offered.filter((name) => name !== named);
  // Whatever is logged or told of the handshake, the key is not in it.
  if (others.length > 0) headers['sec-websocket-protocol'] = others.join(', ');
  else delete headers['sec-websocket-protocol'];
}

function notAsked(): Error {
  const message = 'a session is a WebSocket: connect with ws:// or wss:// (Upgrade: websocket)';
  return validationFailed([{ path: 'Upgrade', message }]);
}
