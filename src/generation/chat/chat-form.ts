import { countChatInput, type WireBody } from '../../pricing/index.js';
import { type ChatChunk, lacks } from '../../providers/index.js';

import { textOfAnswer } from './answer-text.js';
import { askedOutputTokens, choicesOf, withOutputCap } from './output-cap.js';
import { type TextForm } from './text-form.js';

/** `POST /v1/chat/completions`. */
export const CHAT_FORM: TextForm<ChatChunk> = {
  path: 'chat/completions',
  servedBy: (provider) => provider.chat !== undefined,
  countInput: countChatInput,
  askedOutputTokens,
  choicesOf,
  hasKnownPrice: (body) => !isFastLane(body) && !searchesTheWeb(body) && !speaks(body),
  withOutputCap,
  answer: (provider, call) => provider.chat?.(call) ?? lacks(provider, 'chat'),
  stream: (provider, call) => provider.chatStream?.(call) ?? lacks(provider, 'chat streams'),
  textOf: textOfAnswer,
  resourceIdOf: () => undefined,
};

/** A dearer tier than the listed one. */
export function isFastLane({ service_tier }: WireBody): boolean {
  return service_tier === 'priority';
}

/** Charged a search, beside its tokens. */
function searchesTheWeb({ web_search_options }: WireBody): boolean {
  return web_search_options !== undefined && web_search_options !== null;
}

/** Tokens of sound cost more than those of text. */
function speaks({ modalities }: WireBody): boolean {
  return Array.isArray(modalities) && modalities.includes('audio');
}
