import { createHash } from 'node:crypto';

import { type ImagesResponse } from 'openai/resources/images';

import { encodePng } from './png.js';
import { type WireObject } from './provider.port.js';
import { badRequest, wholeNumber } from './simulated-request.js';

/** The sizes that the price table has a price for. */
const SIZES = ['1024x1024', '256x256', '512x512', '1536x1024', '1024x1536', '1792x1024', '1024x1792'];
const MAX_IMAGES = 10;

/** Tells the size that was made; it has sizes that OpenAI's type does not name. */
type SimulatedImages = Omit<ImagesResponse, 'size'> & { readonly size: string };

type Colour = readonly [number, number, number];

/**
 * Real PNG files, always as `b64_json`: a slope between two colours of the prompt's own. Counts no tokens, as DALL·E.
 * @throws ProviderError `bad_request` for what OpenAI would refuse.
 */
export async function simulateImages(body: WireObject, created: number): Promise<SimulatedImages> {
  const { prompt } = body;
  if (typeof prompt !== 'string' || prompt === '')
    throw badRequest('prompt', "Invalid 'prompt': expected a text.");
  const { width, height } = dimensionsOf(body.size);
  const count = wholeNumber(body, 'n', { min: 1, max: MAX_IMAGES }) ?? 1;
  const data = [];
  for (let index = 0; index < count; index++) {
    const png = await encodePng({ width, height }, slope(`${index}:${prompt}`, width, height));
    data.push({ b64_json: png.toString('base64'), revised_prompt: `[Simulated] ${prompt.slice(0, 1000)}` });
  }
  return { created, data, size: `${width}x${height}` };
}

function dimensionsOf(size: unknown): { width: number; height: number } {
  const wanted = size === undefined || size === null || size === 'auto' ? SIZES[0] : size;
  if (typeof wanted !== 'string' || !SIZES.includes(wanted)) {
    throw badRequest('size', `Invalid 'size': expected one of ${SIZES.join(', ')}.`);
  }
  const [width = 0, height = 0] = wanted.split('x').map(Number);
  return { width, height };
}

/** The pixels, red, green and blue, from the top left: one colour into another along the diagonal. */
function slope(seed: string, width: number, height: number): Buffer {
  const digest = createHash('sha256').update(seed).digest();
  const from: Colour = [digest.readUInt8(0), digest.readUInt8(1), digest.readUInt8(2)];
  const to: Colour = [digest.readUInt8(3), digest.readUInt8(4), digest.readUInt8(5)];
  const pixels = Buffer.alloc(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = (x / width + y / height) / 2;
      pixels[at++] = from[0] + (to[0] - from[0]) * along;
      pixels[at++] = from[1] + (to[1] - from[1]) * along;
      pixels[at++] = from[2] + (to[2] - from[2]) * along;
    }
  }
  return pixels;
}
