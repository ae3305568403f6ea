import { RubbishAnswer, drain, parseJson } from './answer-body.js';
import { type CallDeadline } from './call-deadline.js';
import { ProviderError } from './provider-error.js';
import { type ChatChunk, type WireObject } from './provider.port.js';
import { sseData } from './sse.js';
import { type FailureContext, fromErrorObject, toProviderError } from './upstream-failure.js';
import { isWireObject, objectsAt } from './wire-object.js';
import { toChatChunk } from './wire-usage.js';

interface StreamedCall {
  readonly deadline: CallDeadline;
  readonly failure: () => FailureContext;
}

/** Reads a stream of chat chunks; resolves with its first chunk at hand, and rejects where there is none. */
export async function openChatStream(
  response: Response,
  call: StreamedCall,
): Promise<AsyncIterable<ChatChunk>> {
  const type = response.headers.get('content-type') ?? 'none';
  if (!response.body || !/^text\/event-stream\b/i.test(type)) {
    throw new RubbishAnswer('answered a stream with something else than server-sent events');
  }
  const chunks = readChunks(response.body.getReader(), call);
  let first: IteratorResult<ChatChunk> | undefined = await chunks.next();
  if (first.done) throw new RubbishAnswer('ended its stream without a chunk');
  const iterator: AsyncIterator<ChatChunk> = {
    next: () => {
      const next = first ? Promise.resolve(first) : chunks.next();
      first = undefined;
      return next;
    },
    // Also of a reader that leaves before the first: the connection must not stay open.
    return: () => chunks.return(undefined),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { deadline, failure }: StreamedCall,
): AsyncGenerator<ChatChunk, undefined> {
  let complete = false;
  let finished = false;
  let count = 0;
  try {
    for await (const data of sseData(timed(reader, deadline))) {
      if (data.startsWith('[DONE]')) {
        complete = true;
        return;
      }
      const raw = readEvent(data, failure);
      finished ||= objectsAt(raw, 'choices').some((choice) => typeof choice.finish_reason === 'string');
      count++;
      yield toChatChunk(raw);
    }
    // Some servers never say [DONE]; without that and a finish, the answer is cut short.
    complete = finished || count === 0;
    if (!complete) {
      throw new ProviderError(failure().provider, 'the stream ended before the answer did', {
        reason: 'connection',
      });
    }
  } catch (error) {
    throw toProviderError(error, failure());
  } finally {
    deadline.dispose();
    if (complete) void drain(reader);
    else deadline.close();
  }
}

async function* timed(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  deadline: CallDeadline,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    deadline.start();
    const { done, value } = await reader.read();
    deadline.pause();
    if (done) return;
    yield value;
  }
}

function readEvent(data: string, failure: () => FailureContext): WireObject {
  const raw = parseJson(data);
  if (!isWireObject(raw)) throw new RubbishAnswer('sent a chunk that is not a JSON object');
  if (raw.error) throw fromErrorObject(raw.error, failure());
  if (!Array.isArray(raw.choices) && !isWireObject(raw.usage)) {
    throw new RubbishAnswer('sent a chunk without `choices`');
  }
  return raw;
}
