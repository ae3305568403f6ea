import { isRecord } from '../json-object.js';
import { contentTokens } from './content-tokens.js';
import { jsonText } from './json-text.js';
import { TextCounter } from './text-counter.js';

/** A request body as it came: OpenAI's wire format, nothing in it trusted. */
export type WireBody = Readonly<Record<string, unknown>>;

/** What OpenAI counts around each message, around a name, and before the answer. */
const PER_MESSAGE = 3;
const PER_NAME = 1;
const BEFORE_ANSWER = 3;
/** Tools and schemas are rewritten into the prompt; their JSON and this much around it is never less. */
const AROUND_TOOLS = 16;
const PER_TOOL = 8;

/** Fields of a chat request that become part of the prompt, beside the messages. */
const PROMPT_FIELDS = [
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'response_format',
  'prediction',
] as const;

/** The tokens of a text for a model: exact for OpenAI's encodings, else an upper estimate. Never throws. */
export function countText(text: string, model: string): number {
  return new TextCounter(model).count(text);
}

/**
 * The input tokens of `POST /v1/chat/completions`. Exact for plain messages to OpenAI's models; tools, schemas,
 * pictures, audio and files are upper estimates. Never throws, whatever the body holds.
 */
export function countChatInput(body: WireBody, model: string = modelOf(body)): number {
  const counter = new TextCounter(model);
  let total = BEFORE_ANSWER;
  for (const message of listOf(body.messages)) total += messageTokens(message, model, counter);
  for (const field of PROMPT_FIELDS) {
    const value = body[field];
    if (value === undefined || value === null || typeof value === 'string') continue;
    total += AROUND_TOOLS + listOf(value).length * PER_TOOL + counter.count(jsonText(value));
  }
  return total;
}

/** What `POST /v1/responses` puts into the prompt beside its input. */
const RESPONSE_FIELDS = ['instructions', 'tools', 'tool_choice', 'text', 'prompt'] as const;
/** What the provider keeps or fetches by itself is not ours to see: as much as most models read at all. */
const STORED_TOKENS = 128_000;
/** Tools that answer through the client; the others bring into the prompt what we never see. */
const OWN_TOOLS: readonly unknown[] = ['function', 'custom', 'local_shell', 'apply_patch'];

/**
 * The input tokens of `POST /v1/responses`. An upper estimate, as of chat; one that goes on with what the provider has
 * stored (`previous_response_id`, `conversation`, a `prompt`) or that has tools of the provider's own counts as a long
 * one. Never throws.
 */
export function countResponsesInput(body: WireBody, model: string = modelOf(body)): number {
  const counter = new TextCounter(model);
  let total = BEFORE_ANSWER;
  for (const item of listOf(body.input)) {
    total +=
      typeof item === 'string' ? PER_MESSAGE + counter.count(item) : messageTokens(item, model, counter);
  }
  for (const field of RESPONSE_FIELDS) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    total += AROUND_TOOLS + listOf(value).length * PER_TOOL + counter.count(textOrJson(value));
  }
  return readsUnseen(body) ? total + STORED_TOKENS : total;
}

function readsUnseen({ previous_response_id, conversation, prompt, input, tools }: WireBody): boolean {
  const given = [previous_response_id, conversation, prompt].some((one) => one !== undefined && one !== null);
  const refers = listOf(input).some((item) => isRecord(item) && item.type === 'item_reference');
  return given || refers || listOf(tools).some((tool) => isRecord(tool) && !OWN_TOOLS.includes(tool.type));
}

/** The input tokens of `POST /v1/embeddings`: a text, texts, tokens, or lists of tokens. Never throws. */
export function countEmbeddingInput(body: WireBody, model: string = modelOf(body)): number {
  const counter = new TextCounter(model);
  let total = 0;
  for (const item of listOf(body.input)) {
    if (typeof item === 'number') total += 1;
    else if (typeof item === 'string') total += counter.count(item);
    else total += Array.isArray(item) ? item.length : counter.count(jsonText(item));
  }
  return total;
}

/** The input tokens of `POST /v1/images/generations`: its prompt. Never throws. */
export function countImageInput(body: WireBody, model: string = modelOf(body)): number {
  const { prompt } = body;
  return new TextCounter(model).count(typeof prompt === 'string' ? prompt : jsonText(prompt)) + BEFORE_ANSWER;
}

function messageTokens(message: unknown, model: string, counter: TextCounter): number {
  if (!isRecord(message)) return PER_MESSAGE + counter.count(jsonText(message));
  const { role, content, name, ...others } = message;
  let total = PER_MESSAGE + counter.count(textOrJson(role)) + contentTokens(content, model, counter);
  if (name !== undefined && name !== null) total += PER_NAME + counter.count(textOrJson(name));
  for (const value of Object.values(others)) {
    // tool_calls, tool_call_id, function_call, refusal, reasoning_content and what is yet to come.
    if (value !== undefined && value !== null) total += PER_TOOL + counter.count(textOrJson(value));
  }
  return total;
}

function textOrJson(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function modelOf(body: WireBody): string {
  return typeof body.model === 'string' ? body.model : '';
}
