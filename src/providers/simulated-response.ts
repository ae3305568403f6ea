import { type SimulatedChat, simulateChat } from './simulated-chat.js';
import { badRequest } from './simulated-request.js';
import { type WireObject } from './provider.port.js';
import { isWireObject, objectAt, objectsAt } from './wire-object.js';

/** A simulated answer to `POST /v1/responses`: the whole of it, and what it is made of. */
export interface SimulatedResponse {
  readonly chat: SimulatedChat;
  readonly whole: WireObject;
}

const WORDS_A_DELTA = 3;

/** Answers as chat would, in the other form. @throws ProviderError `bad_request` for what OpenAI would refuse. */
export function simulateResponse(body: WireObject, model: string, created: number): SimulatedResponse {
  const chat = simulateChat(chatBodyOf(body), model);
  const cut = chat.choices.some(({ finish }) => finish === 'length');
  const { promptTokens, completionTokens } = chat;
  const whole = {
    ...shellOf(body, chat, created),
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    output: [itemOf(chat, cut ? 'incomplete' : 'completed')],
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: completionTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens + completionTokens,
    },
  };
  return { chat, whole };
}

/** The same as the events of a stream, in OpenAI's order. */
export function responseEventsOf({ chat, whole }: SimulatedResponse): readonly WireObject[] {
  const started = { ...whole, status: 'in_progress', incomplete_details: null, output: [], usage: null };
  const [choice] = chat.choices;
  const called = choice?.functionName !== undefined;
  const item = objectsAt(whole, 'output')[0] ?? {};
  const place = { item_id: item.id, output_index: 0, ...(!called && { content_index: 0 }) };
  const text = choice?.text ?? '';
  const kind = called ? 'response.function_call_arguments' : 'response.output_text';
  const empty = { ...item, status: 'in_progress', ...(called ? { arguments: '' } : { content: [] }) };
  const part = objectsAt(item, 'content')[0];
  const events: WireObject[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    { type: 'response.output_item.added', output_index: 0, item: empty },
    ...(part ? [{ type: 'response.content_part.added', ...place, part: { ...part, text: '' } }] : []),
    ...piecesOf(text).map((delta) => ({ type: `${kind}.delta`, ...place, delta })),
    { type: `${kind}.done`, ...place, ...(called ? { arguments: text } : { text }) },
    ...(part ? [{ type: 'response.content_part.done', ...place, part }] : []),
    { type: 'response.output_item.done', output_index: 0, item },
    { type: `response.${String(whole.status)}`, response: whole },
  ];
  return events.map((event, at) => ({ ...event, sequence_number: at }));
}

/** What of a response's request chat understands. */
function chatBodyOf(body: WireObject): WireObject {
  const { input, instructions, tools, tool_choice, max_output_tokens } = body;
  const given = typeof input === 'string' ? [{ role: 'user', content: input }] : messagesOf(input);
  if (given.length === 0) throw badRequest('input', "Invalid 'input': expected a text or a list of items.");
  const system = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  const format = objectAt(objectAt(body, 'text'), 'format');
  return {
    messages: [...system, ...given],
    ...(max_output_tokens !== undefined && { max_completion_tokens: max_output_tokens }),
    ...(Array.isArray(tools) && { tools: tools.filter(isWireObject).map((tool) => ({ function: tool })) }),
    ...(tool_choice !== undefined && {
      tool_choice: isWireObject(tool_choice) ? { function: tool_choice } : tool_choice,
    }),
    ...(format && { response_format: { ...format, json_schema: format } }),
  };
}

function messagesOf(input: unknown): readonly WireObject[] {
  if (!Array.isArray(input)) return [];
  return input.filter(isWireObject).map(({ role = 'assistant', content, output, ...rest }) => ({
    role,
    content: content ?? output ?? JSON.stringify(rest),
  }));
}

function shellOf(body: WireObject, { digest, model }: SimulatedChat, created: number): WireObject {
  const { instructions = null, metadata = {}, tools = [], tool_choice = 'auto' } = body;
  const { max_output_tokens = null, previous_response_id = null, temperature = 1, top_p = 1 } = body;
  return {
    id: `resp_simulated_${digest}`,
    object: 'response',
    created_at: created,
    model,
    error: null,
    instructions,
    metadata,
    tools,
    tool_choice,
    parallel_tool_calls: true,
    max_output_tokens,
    previous_response_id,
    temperature,
    top_p,
  };
}

function itemOf({ digest, choices }: SimulatedChat, status: string): WireObject {
  const [choice] = choices;
  if (choice?.functionName !== undefined) {
    const called = { name: choice.functionName, arguments: choice.text, call_id: `call_simulated_${digest}` };
    return { id: `fc_simulated_${digest}`, type: 'function_call', status, ...called };
  }
  const part = { type: 'output_text', text: choice?.text ?? '', annotations: [], logprobs: [] };
  return { id: `msg_simulated_${digest}`, type: 'message', role: 'assistant', status, content: [part] };
}

function piecesOf(text: string): readonly string[] {
  const words = text.match(/\s*\S+|\s+$/g) ?? [];
  return Array.from({ length: Math.ceil(words.length / WORDS_A_DELTA) }, (_, at) =>
    words.slice(at * WORDS_A_DELTA, (at + 1) * WORDS_A_DELTA).join(''),
  );
}
