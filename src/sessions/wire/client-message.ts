import { isDeeper, isRecord, MOST_DEPTH } from '../../json-object.js';
import { type WireObject } from '../../providers/index.js';

/** What is wrong with what a client sent. */
export interface EventFault {
  readonly code: 'invalid_json' | 'unknown_event' | 'invalid_value';
  readonly message: string;
  readonly param: string | null;
  /** The client's own name for the event, where it gave one. */
  readonly eventId: string | undefined;
}

/** A client's message, as far as every event is alike. */
export interface ClientMessage {
  readonly type: string;
  readonly eventId: string | undefined;
  readonly json: WireObject;
  /** As it came. */
  readonly text: string;
}

export type ReadMessage =
  | { readonly kind: 'message'; readonly message: ClientMessage }
  | { readonly kind: 'fault'; readonly fault: EventFault };

const MOST_ID_CHARACTERS = 512;

/** A message out of a frame; `undefined` is one that was no text. */
export function readMessage(text = ''): ReadMessage {
  const json = jsonOf(text);
  if (!isRecord(json) || typeof json.type !== 'string') {
    const message = 'A message is one JSON object with a `type`, such as {"type": "response.create"}.';
    return { kind: 'fault', fault: { code: 'invalid_json', message, param: null, eventId: undefined } };
  }
  const { type, event_id } = json;
  if (typeof event_id === 'string' && event_id.length > MOST_ID_CHARACTERS) {
    const message = `event_id: must have ${MOST_ID_CHARACTERS} characters at most`;
    return invalid({ message, param: 'event_id', eventId: undefined });
  }
  const eventId = typeof event_id === 'string' ? event_id : undefined;
  if (isDeeper(json, MOST_DEPTH))
    return invalid({
      message: `An event must not be nested deeper than ${MOST_DEPTH} levels.`,
      param: null,
      eventId,
    });
  return { kind: 'message', message: { type, eventId, json, text } };
}

function invalid(fault: Omit<EventFault, 'code'>): ReadMessage {
  return { kind: 'fault', fault: { code: 'invalid_value', ...fault } };
}

function jsonOf(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
