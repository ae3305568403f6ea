import { RubbishAnswer } from './answer-body.js';
import { type EventFormat } from './event-stream.js';
import { type ResponseEvent, type WireObject } from './provider.port.js';
import { fromErrorObject } from './upstream-failure.js';
import { objectAt, objectsAt } from './wire-object.js';
import { inputOutputUsage } from './wire-usage.js';

const ANNOUNCING = ['response.created', 'response.queued', 'response.in_progress'];
const LAST = ['response.completed', 'response.incomplete'];

/** The events of `POST /responses`: named by their `type`, without `[DONE]`. */
export const RESPONSE_EVENTS: EventFormat<ResponseEvent> = {
  read: (raw, failure) => {
    const type = typeOf(raw);
    if (type === 'error') throw fromErrorObject(raw, failure());
    if (type === 'response.failed') throw fromErrorObject(objectAt(raw, 'response')?.error, failure());
    return toResponseEvent(raw);
  },
  ends: (raw) => LAST.includes(typeOf(raw)),
  announces: (raw) => ANNOUNCING.includes(typeOf(raw)),
};

/** An event with what we read from it. */
export function toResponseEvent(raw: WireObject): ResponseEvent {
  const usage = LAST.includes(typeOf(raw)) ? inputOutputUsage(objectAt(raw, 'response') ?? {}) : undefined;
  return { raw, deltaText: deltaText(raw), ...(usage && { usage }) };
}

function typeOf({ type }: WireObject): string {
  if (typeof type === 'string') return type;
  throw new RubbishAnswer('sent an event without `type`');
}

/** Every `….delta` holds its text as `delta`; a call of a function names it where the item is added. */
function deltaText(raw: WireObject): string {
  const type = typeOf(raw);
  if (type.endsWith('.delta') && typeof raw.delta === 'string') return raw.delta;
  if (type !== 'response.output_item.added') return '';
  const name = objectAt(raw, 'item')?.name;
  return typeof name === 'string' ? name : '';
}

/** The text of a whole answer, arguments and reasoning too: for estimating where no usage came. */
export function responseText(body: WireObject): string {
  return objectsAt(body, 'output').flatMap(itemTexts).join('');
}

function itemTexts(item: WireObject): unknown[] {
  const parts = [...objectsAt(item, 'content'), ...objectsAt(item, 'summary')];
  const own = [item.name, item.arguments, item.input].filter((value) => typeof value === 'string');
  return [...own, ...parts.flatMap(({ text, refusal }) => [text ?? refusal ?? ''])];
}
