import { countResponsesInput, type WireBody } from '../../pricing/index.js';
import { isWireObject, lacks, objectAt, responseText } from '../../providers/index.js';
import { isFastLane } from '../chat/chat-form.js';
import { type TextForm } from '../chat/text-form.js';

/** `POST /v1/responses`. */
export const RESPONSES_FORM: TextForm = {
  path: 'responses',
  servedBy: (provider) => provider.respond !== undefined,
  countInput: countResponsesInput,
  askedOutputTokens: ({ max_output_tokens: asked }) => (typeof asked === 'number' ? asked : undefined),
  choicesOf: () => 1,
  hasKnownPrice: (body) => !isFastLane(body) && !hasPaidTools(body),
  withOutputCap: (body, cap) => ({ ...body, max_output_tokens: cap }),
  answer: (provider, call) => provider.respond?.(call) ?? lacks(provider, 'responses'),
  stream: (provider, call) => provider.respondStream?.(call) ?? lacks(provider, 'streamed responses'),
  textOf: responseText,
  resourceIdOf: (raw) => idIn(raw.object === 'response' ? raw : objectAt(raw, 'response')),
};

/** Tools of the provider's own that cost by the call, the container or the picture, beside their tokens. */
const PAID_TOOLS = /^(web_search|file_search|code_interpreter|image_generation|shell)/;

function hasPaidTools({ tools }: WireBody): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((tool) => isWireObject(tool) && PAID_TOOLS.test(String(tool.type)));
}

function idIn(response: WireBody | undefined): string | undefined {
  return typeof response?.id === 'string' ? response.id : undefined;
}
