import { createHash } from 'node:crypto';

import { countChatInput } from '../pricing/index.js';
import { type WireObject } from './provider.port.js';
import { cutToTokens } from './simulated-cut.js';
import { plausibleJson } from './simulated-json.js';
import { badRequest, wholeNumber } from './simulated-request.js';
import { simulatedText } from './simulated-text.js';
import { objectAt, objectsAt } from './wire-object.js';

/** One choice of a simulated answer: a text, or the arguments of a function it calls. */
export interface SimulatedChoice {
  readonly index: number;
  readonly text: string;
  readonly functionName?: string;
  readonly finish: 'stop' | 'length' | 'tool_calls';
}

/** A simulated answer before it has a wire form. */
export interface SimulatedChat {
  /** The same for the same request. */
  readonly digest: string;
  readonly model: string;
  readonly choices: readonly SimulatedChoice[];
  readonly promptTokens: number;
  readonly completionTokens: number;
}

const MAX_CHOICES = 128;

/** Answers a chat request, within its cap. @throws ProviderError `bad_request` for what OpenAI would refuse. */
export function simulateChat(body: WireObject, model: string): SimulatedChat {
  const messages = objectsAt(body, 'messages');
  if (messages.length === 0)
    throw badRequest('messages', "Invalid 'messages': expected at least one message.");
  const bounds = { min: 1, max: Number.MAX_SAFE_INTEGER };
  const cap = wholeNumber(body, 'max_completion_tokens', bounds) ?? wholeNumber(body, 'max_tokens', bounds);
  const count = wholeNumber(body, 'n', { min: 1, max: MAX_CHOICES }) ?? 1;
  const forced = forcedFunction(body);
  const drafts = Array.from({ length: count }, (_, index) => {
    const full = forced ? plausibleJson(objectAt(forced, 'parameters')) : textAnswer(body, index);
    return { index, ...cutToTokens(full, cap ?? Number.POSITIVE_INFINITY) };
  });
  const functionName = forced && nameOf(forced);
  return {
    digest: createHash('sha256').update(JSON.stringify(messages)).digest('hex').slice(0, 24),
    model,
    choices: drafts.map(({ index, text, whole }) => ({
      index,
      text,
      finish: whole ? (forced ? 'tool_calls' : 'stop') : 'length',
      ...(functionName !== undefined && { functionName }),
    })),
    promptTokens: countChatInput(body, model),
    completionTokens: drafts.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

function textAnswer(body: WireObject, index: number): string {
  const format = objectAt(body, 'response_format');
  if (format?.type === 'json_schema')
    return plausibleJson(objectAt(objectAt(format, 'json_schema'), 'schema'));
  const text = simulatedText(objectsAt(body, 'messages'), index);
  return format?.type === 'json_object' ? JSON.stringify({ simulated: true, answer: text }) : text;
}

/** The function that `tool_choice` (or the older `function_call`) leaves no choice about. */
function forcedFunction(body: WireObject): WireObject | undefined {
  const tools = objectsAt(body, 'tools').map((tool) => objectAt(tool, 'function') ?? {});
  const functions = [...tools, ...objectsAt(body, 'functions')];
  if (body.tool_choice === 'required') return functions[0] ?? missing('tool_choice', 'any');
  const choice = objectAt(body, 'tool_choice');
  const wanted = nameOf(objectAt(choice, 'function')) ?? nameOf(objectAt(body, 'function_call'));
  if (wanted === undefined) return undefined;
  return functions.find((candidate) => nameOf(candidate) === wanted) ?? missing('tool_choice', wanted);
}

function nameOf(named: WireObject | undefined): string | undefined {
  return typeof named?.name === 'string' ? named.name : undefined;
}

function missing(param: string, name: string): never {
  throw badRequest(param, `Invalid '${param}': the function ${JSON.stringify(name)} is not among the tools.`);
}
