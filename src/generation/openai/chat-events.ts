import { type StreamEvent } from '../../http/index.js';
import { type ChatPiece } from '../chat/chat.runner.js';
import { openAiFailureEvent } from '../stream-failure.js';

/**
 * A streamed chat as its client sees it: the provider's chunks as they come, then `[DONE]`, which goes out only when the
 * call is settled. Usage is always asked of the provider; a client that did not ask for it does not see it.
 */
export async function* chatEvents(
  pieces: AsyncIterable<ChatPiece>,
  withUsage: boolean,
): AsyncGenerator<StreamEvent> {
  try {
    for await (const { chunk } of pieces) {
      if (withUsage) yield { data: JSON.stringify(chunk.raw) };
      else if (!chunk.usageOnly) yield { data: JSON.stringify(withoutUsage(chunk.raw)) };
    }
  } catch (error) {
    yield { data: openAiFailureEvent(error) };
    return;
  }
  yield { data: '[DONE]' };
}

function withoutUsage(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!('usage' in raw)) return raw;
  const { usage: _notAskedFor, ...rest } = raw;
  return rest;
}
