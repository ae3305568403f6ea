import { createHash } from 'node:crypto';

import { type CreateEmbeddingResponse } from 'openai/resources/embeddings';

import { countEmbeddingInput } from '../pricing/index.js';
import { type WireObject } from './provider.port.js';
import { badRequest, wholeNumber } from './simulated-request.js';

const DIMENSIONS = 1536;
const MAX_DIMENSIONS = 3072;
const MAX_INPUTS = 2048;

/** The embedding on the wire: OpenAI's client asks for base64 unless told otherwise, and its types hide that. */
export interface SimulatedEmbedding {
  readonly object: 'embedding';
  readonly index: number;
  readonly embedding: number[] | string;
}

export type SimulatedEmbeddings = Omit<CreateEmbeddingResponse, 'data'> & {
  readonly data: SimulatedEmbedding[];
};

/** Unit vectors, the same for the same input. @throws ProviderError `bad_request` for what OpenAI would refuse. */
export function simulateEmbeddings(body: WireObject, model: string): SimulatedEmbeddings {
  const inputs = inputsOf(body.input);
  const dimensions = wholeNumber(body, 'dimensions', { min: 1, max: MAX_DIMENSIONS }) ?? DIMENSIONS;
  const tokens = countEmbeddingInput(body, model);
  return {
    object: 'list',
    model,
    data: inputs.map((input, index) => {
      const vector = unitVector(input, dimensions);
      return {
        object: 'embedding',
        index,
        embedding: body.encoding_format === 'base64' ? base64Of(vector) : Array.from(vector),
      };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** One seed an embedding: a text, or the numbers of its tokens. */
function inputsOf(input: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  if (items.length === 0 || items.length > MAX_INPUTS || items.some((item) => !isInput(item))) {
    throw badRequest(
      'input',
      "Invalid 'input': expected a text or tokens, or up to 2048 of them, none empty.",
    );
  }
  return items.map((item) => JSON.stringify(item));
}

function isInput(item: unknown): boolean {
  if (typeof item === 'string') return item !== '';
  return Array.isArray(item) && item.length > 0 && item.every((token) => Number.isInteger(token));
}

function unitVector(seed: string, dimensions: number): Float32Array {
  let state = createHash('sha256').update(seed).digest().readUInt32LE() || 1;
  const vector = Float32Array.from({ length: dimensions }, () => {
    // Marsaglia's xorshift: enough to spread the directions.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
