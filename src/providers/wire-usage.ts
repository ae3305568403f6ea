import { type ChatChunk, type ProviderUsage, type WireObject } from './provider.port.js';
import { isWireObject, objectAt, objectsAt } from './wire-object.js';

/** The usage of a chat answer or chunk; `undefined` where the provider gave no whole count. */
export function chatUsage(body: WireObject): ProviderUsage | undefined {
  const usage = objectAt(body, 'usage') ?? objectAt(objectAt(body, 'x_groq'), 'usage');
  const input = tokenCountOf(usage?.prompt_tokens);
  const output = tokenCountOf(usage?.completion_tokens);
  if (!usage || input === undefined || output === undefined) return undefined;
  return usageOf(usage, { input, output, details: 'prompt_tokens_details' });
}

/** The usage of an embeddings answer: input only. */
export function embeddingUsage(body: WireObject): ProviderUsage | undefined {
  const usage = objectAt(body, 'usage');
  const input = tokenCountOf(usage?.prompt_tokens) ?? tokenCountOf(usage?.total_tokens);
  if (!usage || input === undefined) return undefined;
  return usageOf(usage, { input, output: 0, details: 'prompt_tokens_details' });
}

/** The usage of an answer that counts `input_tokens` and `output_tokens`: of `/responses`, and of images. */
export function inputOutputUsage(body: WireObject): ProviderUsage | undefined {
  const usage = objectAt(body, 'usage');
  const input = tokenCountOf(usage?.input_tokens);
  const output = tokenCountOf(usage?.output_tokens);
  if (!usage || input === undefined || output === undefined) return undefined;
  return usageOf(usage, { input, output, details: 'input_tokens_details' });
}

/** A stream's event with what we read from it. */
export function toChatChunk(raw: WireObject): ChatChunk {
  const usage = chatUsage(raw);
  const choices = objectsAt(raw, 'choices');
  return {
    raw,
    usageOnly: usage !== undefined && choices.length === 0,
    deltaText: choices.map((choice) => writtenText(objectAt(choice, 'delta'))).join(''),
    ...(usage && { usage }),
  };
}

function writtenText(message: WireObject | undefined): string {
  if (!message) return '';
  const calls = [
    ...objectsAt(message, 'tool_calls').map((call) => objectAt(call, 'function')),
    objectAt(message, 'function_call'),
  ];
  return [
    contentText(message.content),
    textOf(message.refusal),
    // DeepSeek, vLLM and Groq name their reasoning so; those that give both repeat it.
    textOf(message.reasoning_content ?? message.reasoning),
    textOf(objectAt(message, 'audio')?.transcript),
    ...calls.flatMap((call) => [textOf(call?.name), textOf(call?.arguments)]),
  ].join('');
}

function contentText(content: unknown): string {
  if (!Array.isArray(content)) return textOf(content);
  return content.map((part: unknown) => (isWireObject(part) ? textOf(part.text) : '')).join('');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function usageOf(
  usage: WireObject,
  { input, output, details }: { input: number; output: number; details: string },
): ProviderUsage {
  return {
    inputTokens: input,
    cachedInputTokens: Math.min(input, tokenCountOf(objectAt(usage, details)?.cached_tokens) ?? 0),
    outputTokens: output,
    totalTokens: Math.max(input + output, tokenCountOf(usage.total_tokens) ?? 0),
  };
}

/** No call counts more: a number beyond it is a fault of the provider's, and no count. */
const MOST_TOKENS = 1_000_000_000;

/** A number of tokens as a provider gave it; `undefined` for what is none. */
export function tokenCountOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= MOST_TOKENS ? value : undefined;
}
