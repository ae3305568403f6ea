import { type IncomingMessage } from 'node:http';

import { WebSocket } from 'ws';

import { readErrorObject } from './answer-body.js';
import { type RealtimeCall, type RealtimeSocket } from './provider.port.js';
import { AnsweredStatus, type FailureContext, toProviderError } from './upstream-failure.js';

/** Within which the provider must have answered the handshake, whatever else it is given. */
const HANDSHAKE_MS = 10_000;
const MOST_MESSAGE_BYTES = 16 * 1024 * 1024;
const MOST_ERROR_CHARACTERS = 64 * 1024;

type Opening = RealtimeCall & Pick<FailureContext, 'provider' | 'apiKey' | 'timeoutMs'>;

/** Opens `<base URL>/realtime`. */
export function openRealtime(baseUrl: string, opening: Opening): RealtimeSocket {
  const { model, apiKey } = opening;
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}/realtime`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('model', model);
  const socket = new WebSocket(url, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  return { socket, opened: opened(socket, opening) };
}

async function opened(socket: WebSocket, { signal, ...about }: Opening): Promise<void> {
  const timeoutMs = Math.min(about.timeoutMs, HANDSHAKE_MS);
  const tooLate = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, tooLate]);
  const end = () => {
    socket.terminate();
  };
  ended.addEventListener('abort', end, { once: true });
  if (ended.aborted) end();
  try {
    await handshake(socket);
  } catch (error) {
    socket.terminate();
    const why = signal.aborted ? 'aborted' : tooLate.aborted ? 'timeout' : undefined;
    throw toProviderError(error, { ...about, timeoutMs, ended: why });
  } finally {
    ended.removeEventListener('abort', end);
  }
}

function handshake(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    // Not once: a socket that is ended while it connects has another error, and no error may be heard by nobody.
    socket.on('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refusalOf(response).then(reject, reject);
    });
  });
}

async function refusalOf(response: IncomingMessage): Promise<AnsweredStatus> {
  let text = '';
  for await (const part of response) {
    text += String(part);
    if (text.length > MOST_ERROR_CHARACTERS) break;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers))
    if (typeof value === 'string') headers.set(name, value);
  return new AnsweredStatus(response.statusCode ?? 0, await readErrorObject(new Response(text)), headers);
}
