import { type Behaviour } from './behaviour.js';
import { type Json, listOf, numberOf, Refusal, tokensOf } from './wire.js';

const DEFAULT_OUTPUT_TOKENS = 12;
const WORDS = [' one', ' two', ' three', ' four', ' five', ' six', ' seven', ' eight'];

/** What to answer to `POST /v1/responses`, before its form. */
export interface Responded {
  readonly body: Json;
  readonly tokens: readonly string[];
  readonly whole: Json;
}

/** An answer as OpenAI documents it: a message of so many tokens, within the cap. */
export function responded(body: Json, { usage, outputTokens, overshoot, extra }: Behaviour): Responded {
  if (body.input === undefined) throw new Refusal("Missing required parameter: 'input'.", 'input');
  const wanted = Array.from(
    { length: outputTokens ?? DEFAULT_OUTPUT_TOKENS },
    (_, at) => WORDS[at % WORDS.length] ?? '',
  );
  const cap = overshoot === true ? undefined : numberOf(body.max_output_tokens);
  const tokens = wanted.slice(0, cap);
  const cut = tokens.length < wanted.length;
  const input = inputTokens(body);
  const counted = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: tokens.length,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + tokens.length,
  };
  const zero = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
  const whole = {
    ...shell(body),
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    output: [messageOf(tokens.join(''), cut ? 'incomplete' : 'completed')],
    ...(usage !== 'none' && { usage: usage === 'zero' ? zero : (usage ?? counted) }),
    ...extra,
  };
  return { body, tokens, whole };
}

/** The answer as the events of a stream. */
export function responseEvents({ body, tokens, whole }: Responded): Json[] {
  const started = { ...shell(body), status: 'in_progress', output: [], usage: null };
  const place = { item_id: 'msg_emulated', output_index: 0, content_index: 0 };
  const text = tokens.join('');
  const events: Json[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    { type: 'response.output_item.added', output_index: 0, item: messageOf('', 'in_progress') },
    ...tokens.map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
    { type: 'response.output_text.done', ...place, text },
    { type: `response.${String(whole.status)}`, response: whole },
  ];
  return events.map((event, at) => ({ ...event, sequence_number: at }));
}

function shell({ model, instructions = null }: Json): Json {
  const fixed = { id: 'resp_emulated', object: 'response', created_at: 1_790_000_000, error: null };
  return { ...fixed, model, instructions, parallel_tool_calls: true, tools: [], tool_choice: 'auto' };
}

function messageOf(text: string, status: string): Json {
  const content = text === '' ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return { id: 'msg_emulated', type: 'message', role: 'assistant', status, content };
}

function inputTokens({ input, instructions }: Json): number {
  const items = typeof input === 'string' ? [{ content: input }] : listOf(input);
  const texts = items.map(({ content }) =>
    typeof content === 'string'
      ? content
      : listOf(content)
          .map(({ text }) => (typeof text === 'string' ? text : ''))
          .join(''),
  );
  const all = [...texts, typeof instructions === 'string' ? instructions : ''];
  return 3 + all.reduce((sum, text) => sum + tokensOf(text), 0);
}
