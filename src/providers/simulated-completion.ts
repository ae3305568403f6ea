import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionMessage,
} from 'openai/resources/chat/completions';
import { type CompletionUsage } from 'openai/resources/completions';

import { type SimulatedChat, type SimulatedChoice } from './simulated-chat.js';

const WORDS_A_CHUNK = 3;

/** A simulated answer as one body. */
export function completionOf(chat: SimulatedChat, created: number): ChatCompletion {
  return {
    id: idOf(chat),
    object: 'chat.completion',
    created,
    model: chat.model,
    choices: chat.choices.map((choice) => ({
      index: choice.index,
      message: messageOf(chat, choice),
      logprobs: null,
      finish_reason: choice.finish,
    })),
    usage: usageOf(chat),
  };
}

/** A simulated answer as the events of a stream, the last with its usage. */
export function chunksOf(chat: SimulatedChat, created: number): ChatCompletionChunk[] {
  const chunk = (choices: ChatCompletionChunk.Choice[]): ChatCompletionChunk => ({
    id: idOf(chat),
    object: 'chat.completion.chunk',
    created,
    model: chat.model,
    choices,
  });
  return [
    ...chat.choices.map((choice) => chunk([part(choice, firstDelta(chat, choice))])),
    ...chat.choices.flatMap((choice) =>
      piecesOf(choice.text).map((piece) => chunk([part(choice, nextDelta(choice, piece))])),
    ),
    ...chat.choices.map((choice) =>
      chunk([{ index: choice.index, delta: {}, finish_reason: choice.finish }]),
    ),
    { ...chunk([]), usage: usageOf(chat) },
  ];
}

function part(
  { index }: SimulatedChoice,
  delta: ChatCompletionChunk.Choice.Delta,
): ChatCompletionChunk.Choice {
  return { index, delta, finish_reason: null };
}

function firstDelta(chat: SimulatedChat, choice: SimulatedChoice): ChatCompletionChunk.Choice.Delta {
  if (choice.functionName === undefined) return { role: 'assistant', content: '' };
  const called = { name: choice.functionName, arguments: '' };
  return {
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id: callIdOf(chat, choice), type: 'function', function: called }],
  };
}

function nextDelta({ functionName }: SimulatedChoice, piece: string): ChatCompletionChunk.Choice.Delta {
  if (functionName === undefined) return { content: piece };
  return { tool_calls: [{ index: 0, function: { arguments: piece } }] };
}

function messageOf(chat: SimulatedChat, choice: SimulatedChoice): ChatCompletionMessage {
  if (choice.functionName === undefined) return { role: 'assistant', content: choice.text, refusal: null };
  const called = { name: choice.functionName, arguments: choice.text };
  return {
    role: 'assistant',
    content: null,
    refusal: null,
    tool_calls: [{ id: callIdOf(chat, choice), type: 'function', function: called }],
  };
}

function piecesOf(text: string): string[] {
  const words = text.match(/\s*\S+|\s+$/g) ?? [];
  const pieces: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_A_CHUNK)
    pieces.push(words.slice(at, at + WORDS_A_CHUNK).join(''));
  return pieces;
}

function usageOf({ promptTokens, completionTokens }: SimulatedChat): CompletionUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}

function idOf({ digest }: SimulatedChat): string {
  return `chatcmpl-simulated-${digest}`;
}

function callIdOf({ digest }: SimulatedChat, { index }: SimulatedChoice): string {
  return `call_simulated_${digest}_${index}`;
}
