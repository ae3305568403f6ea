import { type WireBody } from '../../pricing/index.js';
import { storable } from '../../storable-text.js';

import { type MessageFault, type MessageWish } from './message.entity.js';

/** OpenAI's JSON mode wants to find the word in the messages. */
const JSON_ONLY = 'Answer with one valid JSON value and nothing else.';
const NO_JSON: MessageFault = {
  code: 'provider_failed',
  message: 'The model was asked for JSON and answered something else. That answer is charged as used.',
};

/** A message as the body of a chat. */
export function chatOf({ prompt, content, systemPrompt, responseFormat }: MessageWish): WireBody {
  const json = responseFormat === 'json';
  const system = [systemPrompt, json ? JSON_ONLY : undefined].filter((text) => text !== undefined);
  const user = [prompt, content].filter((text) => text !== undefined);
  return {
    messages: [
      ...(system.length > 0 ? [{ role: 'system', content: system.join('\n\n') }] : []),
      { role: 'user', content: user.join('\n\n') },
    ],
    ...(json && { response_format: { type: 'json_object' } }),
  };
}

/** What an answer's text is worth: the text as it is kept, or why it is none. It was delivered either way. */
export type JudgedAnswer =
  { readonly result: string; readonly error: null } | { readonly result: null; readonly error: MessageFault };

/** Where JSON was asked for, only JSON will do. */
export function judgedAnswer(
  text: string,
  { responseFormat }: Pick<MessageWish, 'responseFormat'>,
): JudgedAnswer {
  const result = storable(text);
  const useless = responseFormat === 'json' && jsonOf(result) === undefined;
  return useless ? { result: null, error: NO_JSON } : { result, error: null };
}

/** `undefined` for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
