import { Injectable } from '@nestjs/common';

import { type AssetDetails, AssetService } from '../../media/index.js';
import { type ActualUsage, currentCallContext, RateLimit } from '../../rate-limiting/index.js';

import { estimateImages, type ImageCall } from './image-call.js';
import { type ImageAnswer, ImageRunner } from './image.runner.js';

/** Whose images are kept, and what they were to show. */
export interface KeepFor {
  readonly userId: string;
  readonly prompt: string;
}

/** Images that are kept, and what making them used. */
export interface KeptImages {
  readonly images: readonly AssetDetails[];
  readonly usage: ActualUsage;
}

/** Images, metered as `image_generation`: each image counts. */
@Injectable()
export class ImageService {
  constructor(
    private readonly runner: ImageRunner,
    private readonly assets: AssetService,
  ) {}

  @RateLimit({
    operation: 'image_generation',
    estimate: (call: ImageCall) => estimateImages(call),
    actual: (answer: ImageAnswer) => answer.usage,
  })
  generate(call: ImageCall): Promise<ImageAnswer> {
    return this.runner.make(call);
  }

  /** Makes and keeps: an image that cannot be kept was not made, and costs nothing. */
  @RateLimit({
    operation: 'image_generation',
    estimate: (call: ImageCall) => estimateImages(call),
    actual: (kept: KeptImages) => kept.usage,
  })
  async generateKept(call: ImageCall, { userId, prompt }: KeepFor): Promise<KeptImages> {
    const { files, usage } = await this.runner.make(call);
    const { provider, model } = usage;
    const usageId = currentCallContext()?.reservation?.id;
    const images = await Promise.all(
      files.map((bytes) =>
        this.assets.keep({ userId, kind: 'image', bytes, prompt, provider, model, usageId }),
      ),
    );
    return { images, usage };
  }
}
