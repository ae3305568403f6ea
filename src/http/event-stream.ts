import { once } from 'node:events';
import { type ServerResponse } from 'node:http';

import { type FastifyReply } from 'fastify';

import { type LeavingAnswer, type RecordedRun } from './idempotency/key-run.js';
import { leavingAnswer, runOf } from './idempotency/recorded-reply.js';
import { definedHeaders } from './reply-headers.js';

const CONTENT_TYPE = 'text/event-stream; charset=utf-8';

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
    'content-type': CONTENT_TYPE,
    'cache-control': 'no-cache, no-transform',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const run = runOf(reply.request);
  let complete = false;
  try {
    complete = await writeAll(raw, events, run);
  } finally {
    if (run) await run.streamEnded(leavingStream(reply), complete);
  }
  raw.end();
}

function leavingStream(reply: FastifyReply): LeavingAnswer {
  return { status: 200, headers: { ...leavingAnswer(reply).headers, 'content-type': CONTENT_TYPE } };
}

/** @returns false where the client hung up before the last event. */
async function writeAll(
  raw: ServerResponse,
  events: AsyncIterable<StreamEvent>,
  run: RecordedRun | undefined,
): Promise<boolean> {
  for await (const event of events) {
    if (raw.destroyed) return false;
    const text = frame(event);
    run?.record(text);
    if (!raw.write(text)) await drained(raw);
  }
  return true;
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
