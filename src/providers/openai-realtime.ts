import { WebSocket } from 'ws';

/** Within which the provider must have answered the handshake. */
const HANDSHAKE_MS = 10_000;
const MOST_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Opens `<base URL>/realtime`. The socket connects yet: whoever asked for it hears what becomes of it. */
export function openRealtime(
  baseUrl: string,
  { model, apiKey }: { readonly model: string; readonly apiKey?: string | undefined },
): WebSocket {
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}/realtime`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('model', model);
  return new WebSocket(url, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
}
