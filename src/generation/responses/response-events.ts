import { type StreamEvent } from '../../http/index.js';
import { type ResponseEvent } from '../../providers/index.js';
import { type ChatPiece } from '../chat/chat.runner.js';
import { responsesFailureEvent } from '../stream-failure.js';

/**
 * A streamed response as its client sees it: the provider's events as they come, each under its name. The last one goes
 * out only when the call is settled; where that did not come, an `error` does.
 */
export async function* responseEvents(
  pieces: AsyncIterable<ChatPiece<ResponseEvent>>,
): AsyncGenerator<StreamEvent> {
  let held: ResponseEvent | undefined;
  let sent = 0;
  try {
    for await (const { chunk } of pieces) {
      if (held) yield eventOf(held);
      held = isLast(chunk) ? chunk : undefined;
      if (!held) yield eventOf(chunk);
      sent++;
    }
  } catch (error) {
    yield { event: 'error', data: responsesFailureEvent(error, sent) };
    return;
  }
  if (held) yield eventOf(held);
}

function isLast({ raw: { type } }: ResponseEvent): boolean {
  return type === 'response.completed' || type === 'response.incomplete';
}

function eventOf({ raw }: ResponseEvent): StreamEvent {
  return { event: String(raw.type), data: JSON.stringify(raw) };
}
