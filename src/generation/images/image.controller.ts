import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { Idempotent } from '../../http/index.js';
import { CurrentPrincipal, type Principal } from '../../identity/index.js';
import { type AssetDetails } from '../../media/index.js';
import { ImageAnswerDto, ImageDto } from '../generation.views.js';
import { meteredView, usageView } from '../usage-view.js';

import { GenerateImageDto } from './image.dto.js';
import { ImageRunner } from './image.runner.js';
import { ImageService } from './image.service.js';

/** Images for the web app: made, kept, and given as links. */
@ApiTags('generation')
@Controller('generate/image')
export class ImageController {
  constructor(
    private readonly runner: ImageRunner,
    private readonly images: ImageService,
  ) {}

  @Post()
  @HttpCode(200)
  @Idempotent()
  @ApiOperation({ summary: 'Make images' })
  @ApiOkResponse({ type: ImageAnswerDto })
  async generate(
    @Body() wish: GenerateImageDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ImageAnswerDto> {
    const { prompt } = wish;
    const kept = await this.images.generateKept(await this.prepare(wish), {
      userId: principal.userId,
      prompt,
    });
    const { provider, model } = kept.usage;
    const { id, limits } = meteredView();
    const images = kept.images.map(imageView);
    return { id, images, provider, model, usage: usageView(kept.usage), limits };
  }

  private async prepare({ prompt, size, count, model, provider }: GenerateImageDto) {
    const body = { prompt, n: count ?? 1, ...(size !== undefined && { size }) };
    return { ...(await this.runner.prepare(body, { model, provider })), withFiles: true };
  }
}

function imageView({ assetId, url, width, height, format, bytes, tags }: AssetDetails): ImageDto {
  return { assetId, url, width, height, format, bytes, tags: [...tags] };
}
