import { randomUUID } from 'node:crypto';

/** An event for the client, without its id. */
export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** As it goes out. */
export function written(event: ServerEvent): string {
  const { type, ...fields } = event;
  return JSON.stringify({ type, event_id: newId('event'), ...fields });
}

/** `item_…`, `resp_…`: ids as OpenAI's clients know them. */
export function newId(kind: 'event' | 'item' | 'resp' | 'conv' | 'call'): string {
  return `${kind}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
