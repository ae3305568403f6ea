import { CodedError } from '../../errors.js';
import { type WireBody } from '../../pricing/index.js';

import { type MessageWish } from './message.entity.js';

/** OpenAI's JSON mode wants to find the word in the messages. */
const JSON_ONLY = 'Answer with one valid JSON value and nothing else.';
/** What no text of Postgres can hold: a provider that sends it must not have its answer, or its refusal, lost. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

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

/** An answer's text as it is kept. @throws CodedError `provider_failed` where JSON was asked for and it is none. */
export function resultOf(text: string, { responseFormat }: Pick<MessageWish, 'responseFormat'>): string {
  const result = storable(text);
  if (responseFormat === 'json' && jsonOf(result) === undefined) {
    throw new CodedError(
      'provider_failed',
      'The model was asked for JSON and answered something else. Nothing was charged for that answer.',
    );
  }
  return result;
}

/** A text as Postgres can hold it. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\u{fffd}');
}

/** `undefined` for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
