import { RubbishAnswer } from './answer-body.js';
import { type EventFormat } from './event-stream.js';
import { type ChatChunk } from './provider.port.js';
import { isWireObject, objectsAt } from './wire-object.js';
import { toChatChunk } from './wire-usage.js';

/** The events of `POST /chat/completions`. */
export const CHAT_EVENTS: EventFormat<ChatChunk> = {
  read: (raw) => {
    // Groq's last chunk has its usage in `x_groq`, and choices all the same.
    if (!Array.isArray(raw.choices) && !isWireObject(raw.usage)) {
      throw new RubbishAnswer('sent a chunk without `choices`');
    }
    return toChatChunk(raw);
  },
  ends: (raw) => objectsAt(raw, 'choices').some((choice) => typeof choice.finish_reason === 'string'),
};
