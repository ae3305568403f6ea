import { buffer } from 'node:stream/consumers';

import { lacks, type ModelProvider, ProviderError, type WireObject } from '../../providers/index.js';

export interface ImageFilesInput {
  readonly images: readonly WireObject[];
  readonly provider: ModelProvider;
  readonly signal: AbortSignal;
}

/**
 * The bytes of an answer's images, in its order: those that came with it, and those it names by a link.
 * @throws ProviderError where one cannot be had: the answer is none then, and another provider may be asked.
 */
export function imageFiles({ images, ...source }: ImageFilesInput): Promise<Buffer[]> {
  return Promise.all(images.map((image) => fileOf(image, source)));
}

async function fileOf(
  image: WireObject,
  { provider, signal }: Omit<ImageFilesInput, 'images'>,
): Promise<Buffer> {
  const { b64_json: data, url } = image;
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  if (typeof url === 'string')
    return buffer(await (provider.fetchImage?.({ url, signal }) ?? lacks(provider, 'images by link')));
  const details = { reason: 'rubbish' } as const;
  throw new ProviderError(provider.name, 'answered without the image’s data', details);
}
