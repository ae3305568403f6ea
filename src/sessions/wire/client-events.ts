import { z } from 'zod';

import { MOST_OUTPUT_TOKENS } from '../../rate-limiting/index.js';

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

/** What is wrong with what a client sent. */
export interface EventFault {
  readonly code: 'invalid_json' | 'unknown_event' | 'invalid_value';
  readonly message: string;
  readonly param: string | null;
  /** The client's own name for the event, where it gave one. */
  readonly eventId: string | undefined;
}

export type ReadEvent =
  | { readonly kind: 'event'; readonly event: ClientEvent }
  | { readonly kind: 'fault'; readonly fault: EventFault };

const Named = z.object({ type: z.string(), event_id: z.string().max(512).optional().catch(undefined) });

/** An event out of a message; a fault for what is none. Fields that we do not know are passed over, as OpenAI does. */
export function readClientEvent(message: string): ReadEvent {
  const json = jsonOf(message);
  const named = Named.safeParse(json);
  if (!named.success) {
    const why = 'A message is one JSON object with a `type`, such as {"type": "response.create"}.';
    return faultOf('invalid_json', why, {});
  }
  const eventId = named.data.event_id;
  const read = ClientEvent.safeParse(json);
  if (read.success) return { kind: 'event', event: read.data };
  const issue = read.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  if (path === 'type') {
    const known = ClientEvent.options.map(({ shape }) => shape.type.value).join(', ');
    const why = `There is no event ${JSON.stringify(named.data.type)} for a text model. There are: ${known}.`;
    return faultOf('unknown_event', why, { param: 'type', eventId });
  }
  return faultOf('invalid_value', `${path}: ${issue?.message ?? 'is not valid'}`, { param: path, eventId });
}

function faultOf(
  code: EventFault['code'],
  message: string,
  { param = null, eventId }: { param?: string | null; eventId?: string | undefined },
): ReadEvent {
  return { kind: 'fault', fault: { code, message, param, eventId } };
}

function jsonOf(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
