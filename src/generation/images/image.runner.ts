import { Injectable } from '@nestjs/common';

import { countImageInput, type WireBody } from '../../pricing/index.js';
import { objectsAt, type WireObject } from '../../providers/index.js';
import { type ActualUsage, currentCallContext } from '../../rate-limiting/index.js';
import { asCodedError } from '../provider-failure.js';
import { Targets, type WantedModel } from '../targets.js';

import { type ImageCall, imageUsage } from './image-call.js';

/** The provider's own answer, and what it used. */
export interface ImageAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
}

/** Makes images at a provider. Who calls it is guarded. */
@Injectable()
export class ImageRunner {
  constructor(private readonly targets: Targets) {}

  /** @throws CodedError `not_found` where no provider serves the model. */
  prepare(body: WireBody, wanted: WantedModel): ImageCall {
    const target = this.targets.find('image_generation', wanted);
    const { n, size, quality } = body;
    const request = {
      count: typeof n === 'number' ? n : 1,
      ...(typeof size === 'string' && { size }),
      ...(typeof quality === 'string' && { quality }),
    };
    return { ...target, body, request, inputTokens: countImageInput(body, target.model.name) };
  }

  /** @throws CodedError for what the provider did not do. */
  async make(call: ImageCall): Promise<ImageAnswer> {
    const signal = currentCallContext()?.signal ?? new AbortController().signal;
    try {
      const { body, usage } = await call.provider.image({ body: call.body, model: call.model.name, signal });
      return { body, usage: imageUsage(call, imagesIn(body).length, usage) };
    } catch (error) {
      throw asCodedError(error);
    }
  }
}

/** The images of an answer, as the wire format lists them. */
export function imagesIn(body: WireObject): readonly WireObject[] {
  return objectsAt(body, 'data');
}
