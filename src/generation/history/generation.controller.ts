import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { CodedError } from '../../errors.js';
import { CurrentPrincipal, IdPipe, type Page, pageRequest, type Principal } from '../../identity/index.js';
import { VideoService } from '../videos/video.service.js';

import { GenerationDto, GenerationPageDto, GenerationQuery } from './generation.dto.js';
import { GenerationHistory } from './generation-history.js';

/** What was generated, or is being generated, for the one who asked for it. */
@ApiTags('generation')
@Controller('generations')
export class GenerationController {
  constructor(
    private readonly history: GenerationHistory,
    private readonly videos: VideoService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Own scripts, images and videos, the newest first' })
  @ApiOkResponse({ type: GenerationPageDto })
  search(
    @CurrentPrincipal() { userId }: Principal,
    @Query() query: GenerationQuery,
  ): Promise<Page<GenerationDto>> {
    const { operation, status } = query;
    return this.history.search(userId, { operation, status }, pageRequest(query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One of them; what is another’s is a 404' })
  @ApiOkResponse({ type: GenerationDto })
  find(@CurrentPrincipal() { userId }: Principal, @Param('id', IdPipe) id: string): Promise<GenerationDto> {
    return this.history.find(id, userId);
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Call a video off',
    description: 'What was not delivered costs nothing. 409 for what is being delivered, or is over.',
  })
  @ApiOkResponse({ type: GenerationDto })
  async cancel(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
  ): Promise<GenerationDto> {
    const { operation, status } = await this.history.find(id, userId);
    if (operation !== 'video_generation') {
      throw new CodedError('conflict', `The generation ${id} is ${status} and cannot be cancelled any more.`);
    }
    await this.videos.cancel({ id, userId });
    return this.history.find(id, userId);
  }
}
