import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

export type Json = Readonly<Record<string, unknown>>;

/** A refusal of the emulator's own, as OpenAI would. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly param: string,
    readonly status = 400,
  ) {
    super(message);
  }

  get body(): unknown {
    return { error: { message: this.message, type: 'invalid_request_error', param: this.param, code: null } };
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function tokensOf(text: string): number {
  return countTokens(text, { disallowedSpecial: new Set() });
}

/** The input tokens of a chat, by OpenAI's formula for messages; tools by their JSON. */
export function promptTokensOf(body: Json): number {
  let total = 3;
  for (const message of listOf(body.messages)) {
    total += 3 + tokensOf(String(message.role)) + contentTokens(message.content);
    if (typeof message.name === 'string') total += 1 + tokensOf(message.name);
  }
  return Array.isArray(body.tools) ? total + tokensOf(JSON.stringify(body.tools)) : total;
}

function contentTokens(content: unknown): number {
  if (typeof content === 'string') return tokensOf(content);
  return listOf(content).reduce(
    (sum, part) => sum + (typeof part.text === 'string' ? tokensOf(part.text) : 85),
    0,
  );
}
