import { once } from 'node:events';
import { type ServerResponse } from 'node:http';

import { type FastifyReply } from 'fastify';

/** One server-sent event: its name where it has one, and its data, a JSON text. */
export interface StreamEvent {
  readonly event?: string;
  readonly data: string;
}

/**
 * Writes events as they come, each in one write, with nothing held back; stops asking for more when the client hangs
 * up, so that what feeds the stream ends too.
 */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<StreamEvent>): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...definedHeaders(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  for await (const event of events) {
    if (raw.destroyed) break;
    if (!raw.write(frame(event))) await drained(raw);
  }
  raw.end();
}

function definedHeaders(reply: FastifyReply): Record<string, number | string | string[]> {
  const headers: Record<string, number | string | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) headers[name] = value;
  return headers;
}

function frame({ event, data }: StreamEvent): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}

/** A client that reads slowly is waited for; one that went away is not. */
async function drained(raw: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const stop = () => {
    gone.abort();
  };
  raw.once('close', stop);
  try {
    await once(raw, 'drain', { signal: gone.signal });
  } catch {
    // The client hung up: the loop sees it.
  } finally {
    raw.off('close', stop);
  }
}
