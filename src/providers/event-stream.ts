import { RubbishAnswer, drain, parseJson } from './answer-body.js';
import { type CallDeadline } from './call-deadline.js';
import { ProviderError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
import { sseData } from './sse.js';
import { type FailureContext, fromErrorObject, toProviderError } from './upstream-failure.js';
import { isWireObject } from './wire-object.js';

/** What the events of a stream are. */
export interface EventFormat<Event> {
  /** @throws RubbishAnswer for what is none, ProviderError for one that says that the provider failed. */
  read(raw: WireObject, failure: () => FailureContext): Event;
  /** Whether the answer is whole with this event; some servers say nothing after it. */
  ends(raw: WireObject): boolean;
  /** Whether it may still turn out that there will be no answer: the stream is not open before one that delivers. */
  announces?(raw: WireObject): boolean;
}

interface StreamedCall<Event> {
  readonly deadline: CallDeadline;
  readonly failure: () => FailureContext;
  readonly format: EventFormat<Event>;
}

interface ReadEvent<Event> {
  readonly event: Event;
  readonly announces: boolean;
}

/** Reads a stream of events; resolves with the first that delivers something at hand, and rejects where there is none. */
export async function openEventStream<Event>(
  response: Response,
  call: StreamedCall<Event>,
): Promise<AsyncIterable<Event>> {
  const type = response.headers.get('content-type') ?? 'none';
  if (!response.body || !/^text\/event-stream\b/i.test(type)) {
    throw new RubbishAnswer('answered a stream with something else than server-sent events');
  }
  const events = readEvents(response.body.getReader(), call);
  const ready: ReadEvent<Event>[] = [];
  do {
    const next = await events.next();
    if (next.done) break;
    ready.push(next.value);
  } while (ready.at(-1)?.announces);
  if (ready.length === 0) throw new RubbishAnswer('ended its stream without a chunk');
  const iterator: AsyncIterator<Event> = {
    next: async () => {
      const first = ready.shift();
      if (first) return { done: false, value: first.event };
      const next = await events.next();
      return next.done ? { done: true, value: undefined } : { done: false, value: next.value.event };
    },
    // Also of a reader that leaves before the first: the connection must not stay open.
    return: async () => {
      await events.return(undefined);
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* readEvents<Event>(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { deadline, failure, format }: StreamedCall<Event>,
): AsyncGenerator<ReadEvent<Event>, undefined> {
  let complete = false;
  let finished = false;
  let count = 0;
  try {
    for await (const data of sseData(timed(reader, deadline))) {
      if (data.startsWith('[DONE]')) {
        complete = true;
        return;
      }
      const raw = parseJson(data);
      if (!isWireObject(raw)) throw new RubbishAnswer('sent a chunk that is not a JSON object');
      if (raw.error) throw fromErrorObject(raw.error, failure());
      const event = format.read(raw, failure);
      finished ||= format.ends(raw);
      count++;
      yield { event, announces: format.announces?.(raw) ?? false };
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
