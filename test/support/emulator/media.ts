import { type Behaviour } from './behaviour.js';
import { type Json, numberOf, Refusal, tokensOf } from './wire.js';

const DIMENSIONS = 1536;
/** A PNG of one pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const IMAGE_TOKENS: Readonly<Record<string, number>> = { low: 272, medium: 1056, high: 4160 };

/** The answer to an embeddings request. */
export function embeddingsAnswer(body: Json, { usage, extra }: Behaviour): Json {
  const { input } = body;
  if (input === undefined) throw new Refusal("Missing required parameter: 'input'.", 'input');
  const inputs: readonly unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const tokens = inputs.reduce<number>((sum, item) => sum + inputTokens(item), 0);
  const dimensions = numberOf(body.dimensions) ?? DIMENSIONS;
  const counted =
    usage === 'zero'
      ? { prompt_tokens: 0, total_tokens: 0 }
      : { prompt_tokens: tokens, total_tokens: tokens };
  return {
    object: 'list',
    data: inputs.map((_, index) => ({
      object: 'embedding',
      index,
      embedding: vectorOf(index, dimensions, body.encoding_format === 'base64'),
    })),
    model: body.model,
    ...(usage !== 'none' && { usage: typeof usage === 'object' ? usage : counted }),
    ...extra,
  };
}

/** Where the emulator keeps an image that an answer may name by its link: PIXEL. */
export const IMAGE_PATH = '/files/pixel.png';

/** The answer to an images request; `gpt-image-…` counts tokens, DALL·E does not. */
export function imagesAnswer(body: Json, { usage, extra }: Behaviour): Json {
  if (typeof body.prompt !== 'string') throw new Refusal("Missing required parameter: 'prompt'.", 'prompt');
  const count = numberOf(body.n) ?? 1;
  const counts = usage !== 'none' && String(body.model).startsWith('gpt-image');
  const input = tokensOf(body.prompt);
  const output = count * (IMAGE_TOKENS[String(body.quality)] ?? 4160);
  const counted = { input_tokens: input, output_tokens: output, total_tokens: input + output };
  return {
    created: 1_790_000_000,
    data: Array.from({ length: count }, () => ({ b64_json: PIXEL })),
    ...(counts && { usage: typeof usage === 'object' ? usage : counted }),
    ...extra,
  };
}

function inputTokens(item: unknown): number {
  if (typeof item === 'string') return tokensOf(item);
  return Array.isArray(item) ? item.length : 1;
}

function vectorOf(seed: number, dimensions: number, base64: boolean): number[] | string {
  const vector = Float32Array.from(
    { length: dimensions },
    (_, at) => Math.sin(seed + at) / Math.sqrt(dimensions / 2),
  );
  return base64 ? Buffer.from(vector.buffer).toString('base64') : [...vector];
}
