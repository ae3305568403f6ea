import { z } from 'zod';

import { MOST_OUTPUT_TOKENS } from '../../rate-limiting/index.js';

import { type EventFault, readMessage } from './client-message.js';

const id = () => z.string().min(1).max(128);
const text = () => z.string().max(1_000_000);

const Part = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: text() }),
  z.object({ type: z.literal('input_image'), image_url: z.string(), detail: z.string().optional() }),
]);

/** A thing of the conversation, as a client gives it. */
export const Item = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: id().optional(),
    role: z.enum(['user', 'assistant', 'system']),
    content: z.array(Part).max(100),
  }),
  z.object({
    type: z.literal('function_call'),
    id: id().optional(),
    call_id: id(),
    name: id(),
    arguments: text(),
  }),
  z.object({
    type: z.literal('function_call_output'),
    id: id().optional(),
    call_id: id(),
    output: text(),
  }),
]);
export type GivenItem = z.output<typeof Item>;

const FunctionTool = z.object({
  type: z.literal('function'),
  name: z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
});
/** The server runs it itself. */
const ServerTool = z.object({ type: z.enum(['weather', 'web_search']) });
const Tool = z.discriminatedUnion('type', [FunctionTool, ServerTool]);
export type GivenTool = z.output<typeof Tool>;

const ToolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), name: z.string() }),
]);

/** What a session says of its responses, and a response of itself. */
const Manner = z.object({
  instructions: text().optional(),
  tools: z.array(Tool).max(128).optional(),
  tool_choice: ToolChoice.optional(),
  max_output_tokens: z.union([z.int().min(1).max(MOST_OUTPUT_TOKENS), z.literal('inf')]).optional(),
  output_modalities: z.array(z.literal('text', 'must be "text": this model does not speak')).optional(),
  temperature: z.number().min(0).max(2).optional(),
});
export type Manner = z.output<typeof Manner>;

const event_id = z.string().max(512).optional();
const ClientEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.update'), event_id, session: Manner }),
  z.object({
    type: z.literal('conversation.item.create'),
    event_id,
    previous_item_id: id().nullish(),
    item: Item,
  }),
  z.object({ type: z.literal('conversation.item.retrieve'), event_id, item_id: id() }),
  z.object({ type: z.literal('conversation.item.delete'), event_id, item_id: id() }),
  z.object({
    type: z.literal('response.create'),
    event_id,
    response: Manner.extend({
      conversation: z.enum(['auto', 'none']).optional(),
      input: z.array(Item).max(1000).optional(),
      metadata: z.record(z.string(), z.string()).nullish(),
    }).optional(),
  }),
  z.object({ type: z.literal('response.cancel'), event_id, response_id: z.string().optional() }),
]);
export type ClientEvent = z.output<typeof ClientEvent>;
export type ResponseWish = NonNullable<Extract<ClientEvent, { type: 'response.create' }>['response']>;

export type ReadEvent =
  | { readonly kind: 'event'; readonly event: ClientEvent }
  | { readonly kind: 'fault'; readonly fault: EventFault };

/** The client's words are told back to it no longer than this. */
const MOST_ECHO = 100;

/** An event out of a message; a fault for what is none. Fields that we do not know are passed over, as OpenAI does. */
export function readClientEvent(text: string | undefined): ReadEvent {
  const read = readMessage(text);
  if (read.kind === 'fault') return read;
  const { type, eventId, json } = read.message;
  const event = ClientEvent.safeParse(json);
  if (event.success) return { kind: 'event', event: event.data };
  const issue = event.error.issues[0];
  const path = echo(issue?.path.map(String).join('.') ?? '');
  if (path === 'type') {
    const known = ClientEvent.options.map(({ shape }) => shape.type.value).join(', ');
    const message = `There is no event ${JSON.stringify(echo(type))} for a text model. There are: ${known}.`;
    return { kind: 'fault', fault: { code: 'unknown_event', message, param: 'type', eventId } };
  }
  const message = `${path}: ${issue?.message ?? 'is not valid'}`;
  return { kind: 'fault', fault: { code: 'invalid_value', message, param: path, eventId } };
}

function echo(words: string): string {
  return words.length > MOST_ECHO ? `${words.slice(0, MOST_ECHO)}…` : words;
}
