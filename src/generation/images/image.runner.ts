import { Injectable } from '@nestjs/common';

import { countImageInput, type WireBody } from '../../pricing/index.js';
import { lacks, objectsAt, ProviderRouter, type WireObject } from '../../providers/index.js';
import { type ActualUsage, currentCallContext } from '../../rate-limiting/index.js';
import { payableRoutes } from '../payable-routes.js';
import { Targets, type WantedModel } from '../targets.js';

import { estimateImagesAt, type ImageCall, type ImageTarget, imageUsage } from './image-call.js';
import { imageFiles } from './image-files.js';

/** The provider's own answer, and what it used. */
export interface ImageAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
  /** The images' bytes, where the call asked for them. */
  readonly files: readonly Buffer[];
}

/** DALL·E answers with links unless it is asked for the data, which saves fetching it; the models after it know no such field. */
const ANSWERS_WITH_LINKS = /(^|\/)dall-e/;

/** Makes images at a provider, or at the next where one fails. Who calls it is guarded. */
@Injectable()
export class ImageRunner {
  constructor(
    private readonly targets: Targets,
    private readonly router: ProviderRouter,
  ) {}

  /** @throws CodedError `not_found` where no provider serves the model. */
  async prepare(body: WireBody, wanted: WantedModel): Promise<ImageCall> {
    const { n, size, quality } = body;
    const request = {
      count: typeof n === 'number' ? n : 1,
      ...(typeof size === 'string' && { size }),
      ...(typeof quality === 'string' && { quality }),
    };
    const targets = await this.targets.all('image_generation', wanted, (target): ImageTarget => {
      return { ...target, request, inputTokens: countImageInput(body, target.model.name) };
    });
    return { body, targets };
  }

  /** @throws CodedError for what no provider did. */
  make(call: ImageCall): Promise<ImageAnswer> {
    const signal = currentCallContext()?.hangUp?.signal ?? new AbortController().signal;
    return this.router.executeWithFailover<ImageAnswer, ImageTarget>({
      operation: 'image_generation',
      signal,
      ...payableRoutes(call.targets, estimateImagesAt),
      run: async (target) => {
        const { provider, model } = target;
        const upstream = { body: bodyFor(call, model.name), model: model.name, signal };
        const { body, usage } = await (provider.image?.(upstream) ?? lacks(provider, 'images'));
        const images = imagesIn(body);
        const files = call.withFiles ? await imageFiles({ images, provider, signal }) : [];
        return { body, usage: imageUsage(target, { made: images.length, counted: usage, body }), files };
      },
    });
  }
}

function bodyFor({ body, withFiles = false }: ImageCall, model: string): WireBody {
  return withFiles && ANSWERS_WITH_LINKS.test(model) ? { ...body, response_format: 'b64_json' } : body;
}

/** The images of an answer, as the wire format lists them. */
function imagesIn(body: WireObject): readonly WireObject[] {
  return objectsAt(body, 'data');
}
