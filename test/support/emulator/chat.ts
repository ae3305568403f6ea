import { type Behaviour } from './behaviour.js';
import { isJson, type Json, listOf, numberOf, promptTokensOf, Refusal, tokensOf } from './wire.js';

const CREATED = 1_790_000_000;
const DEFAULT_OUTPUT_TOKENS = 12;
/** One token each. */
const WORDS = [' one', ' two', ' three', ' four', ' five', ' six', ' seven', ' eight'];
const ARGUMENTS = '{"emulated":true}';

interface Choice {
  readonly index: number;
  readonly tokens: readonly string[];
  readonly tool: string | undefined;
  readonly finish: string;
}

interface Chat {
  readonly body: Json;
  readonly behaviour: Behaviour;
  readonly choices: readonly Choice[];
  readonly usage: Json | undefined;
}

/** What to answer a chat request, before its form. */
export function chatOf(body: Json, behaviour: Behaviour): Chat {
  if (typeof body.model !== 'string') throw new Refusal('you must provide a model parameter', 'model');
  if (!Array.isArray(body.messages)) throw new Refusal("Missing required parameter: 'messages'.", 'messages');
  if ((numberOf(body.temperature) ?? 0) > 2) {
    throw new Refusal(
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2.",
      'temperature',
    );
  }
  const tool = forcedTool(body);
  const choices = Array.from({ length: numberOf(body.n) ?? 1 }, (_, index) =>
    choiceOf(index, body, { behaviour, tool }),
  );
  return { body, behaviour, choices, usage: usageOf(body, behaviour, choices) };
}

/** The answer in one piece. */
export function plainAnswer({ body, behaviour, choices, usage }: Chat): Json {
  return {
    id: 'chatcmpl-emulated',
    object: 'chat.completion',
    created: CREATED,
    model: body.model,
    choices: choices.map((choice) => ({
      index: choice.index,
      message: messageOf(choice),
      logprobs: body.logprobs === true ? { content: choice.tokens.map(logprobOf), refusal: null } : null,
      finish_reason: choice.finish,
    })),
    ...(usage && { usage }),
    system_fingerprint: 'fp_emulated',
    ...behaviour.extra,
  };
}

/** The answer as the chunks of a stream. */
export function streamChunks(chat: Chat): Json[] {
  const { body, choices, usage, behaviour } = chat;
  const options = isJson(body.stream_options) ? body.stream_options : {};
  const withUsage = options.include_usage === true;
  const chunk = (parts: readonly Json[], last: Json = withUsage && usage ? { usage: null } : {}): Json => ({
    id: 'chatcmpl-emulated',
    object: 'chat.completion.chunk',
    created: CREATED,
    model: body.model,
    system_fingerprint: 'fp_emulated',
    choices: parts,
    ...last,
    ...behaviour.extra,
  });
  return [
    ...choices.map((choice) => chunk([deltaOf(choice, firstDelta(choice))])),
    ...choices.flatMap((choice) =>
      choice.tokens.map((token) =>
        chunk([{ ...deltaOf(choice, nextDelta(choice, token)), ...logprobsOf(body, token) }]),
      ),
    ),
    ...choices.map(({ index, finish }) =>
      chunk([{ index, delta: {}, logprobs: null, finish_reason: finish }]),
    ),
    ...(withUsage && usage ? [chunk([], { usage })] : []),
  ];
}

function choiceOf(
  index: number,
  body: Json,
  { behaviour, tool }: { behaviour: Behaviour; tool: string | undefined },
): Choice {
  const cap = numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens) ?? Number.POSITIVE_INFINITY;
  const wanted =
    tool === undefined
      ? (behaviour.text?.match(/[^]{1,4}/g) ?? words(behaviour.outputTokens ?? DEFAULT_OUTPUT_TOKENS))
      : (ARGUMENTS.match(/.{1,4}/g) ?? []);
  const tokens = behaviour.overshoot === true ? wanted : wanted.slice(0, cap);
  const finish = tokens.length < wanted.length ? 'length' : tool === undefined ? 'stop' : 'tool_calls';
  return { index, tokens, tool, finish };
}

function words(count: number): string[] {
  return Array.from({ length: count }, (_, at) => WORDS[at % WORDS.length] ?? '');
}

function usageOf(body: Json, { usage }: Behaviour, choices: readonly Choice[]): Json | undefined {
  if (usage === 'none') return undefined;
  if (usage === 'zero') return { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  if (usage) return usage;
  const input = promptTokensOf(body);
  const output = choices.reduce(
    (sum, { tokens, tool }) => sum + tokens.length + (tool ? tokensOf(tool) : 0),
    0,
  );
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function forcedTool(body: Json): string | undefined {
  const names = listOf(body.tools).map((tool) => (isJson(tool.function) ? String(tool.function.name) : ''));
  if (body.tool_choice === 'required') return names[0];
  const wanted =
    isJson(body.tool_choice) && isJson(body.tool_choice.function)
      ? body.tool_choice.function.name
      : undefined;
  return names.find((name) => name === wanted);
}

function messageOf({ index, tokens, tool }: Choice): Json {
  const text = tokens.join('');
  if (tool === undefined) return { role: 'assistant', content: text, refusal: null, annotations: [] };
  const called = { id: `call_${index}`, type: 'function', function: { name: tool, arguments: text } };
  return { role: 'assistant', content: null, refusal: null, tool_calls: [called] };
}

function firstDelta({ index, tool }: Choice): Json {
  if (tool === undefined) return { role: 'assistant', content: '', refusal: null };
  const called = { index: 0, id: `call_${index}`, type: 'function', function: { name: tool, arguments: '' } };
  return { role: 'assistant', content: null, tool_calls: [called] };
}

function nextDelta({ tool }: Choice, token: string): Json {
  if (tool === undefined) return { content: token };
  return { tool_calls: [{ index: 0, function: { arguments: token } }] };
}

function deltaOf({ index }: Choice, delta: Json): Json {
  return { index, delta, logprobs: null, finish_reason: null };
}

function logprobsOf(body: Json, token: string): Json {
  return body.logprobs === true ? { logprobs: { content: [logprobOf(token)], refusal: null } } : {};
}

function logprobOf(token: string): Json {
  return { token, logprob: -0.1, bytes: [...Buffer.from(token)], top_logprobs: [] };
}
