import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';

import { CodedError, validationFailed } from '../../errors.js';
import { Idempotent, TakesForms } from '../../http/index.js';
import { CurrentPrincipal, IdPipe, type Principal } from '../../identity/index.js';
import { AssetReader } from '../../media/index.js';
import { type VideoJob } from '../videos/video-job.store.js';
import { VideoService } from '../videos/video.service.js';

import { VideoGenerationDto } from './video-generation.dto.js';
import { videoWire, wishOf } from './video-wire.js';

const WIRE_ANSWER = { schema: { type: 'object', additionalProperties: true } } as const;

/** OpenAI's `/v1/videos`: the same jobs as those of `/generate/video`. */
@ApiTags('openai')
@Controller('v1/videos')
export class OpenAiVideosController {
  constructor(
    private readonly videos: VideoService,
    private readonly assets: AssetReader,
  ) {}

  @Post()
  @HttpCode(200)
  @Idempotent()
  @TakesForms()
  @ApiOperation({ summary: 'Have a video made' })
  @ApiConsumes('multipart/form-data', 'application/json')
  @ApiBody({ type: VideoGenerationDto })
  @ApiOkResponse(WIRE_ANSWER)
  async create(@Body() body: VideoGenerationDto, @CurrentPrincipal() { userId }: Principal): Promise<object> {
    return shown(await this.videos.start(wishOf(body), userId));
  }

  @Get(':id')
  @ApiOperation({ summary: 'How far a video is' })
  @ApiOkResponse(WIRE_ANSWER)
  async find(@Param('id', IdPipe) id: string, @CurrentPrincipal() { userId }: Principal): Promise<object> {
    return shown(await this.videos.find({ id, userId }));
  }

  @Get(':id/content')
  @ApiOperation({ summary: 'The bytes of a video' })
  @ApiProduces('video/mp4')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async content(
    @Param('id', IdPipe) id: string,
    @CurrentPrincipal() { userId }: Principal,
    @Query('variant') variant: unknown = 'video',
  ): Promise<StreamableFile> {
    if (variant !== 'video') {
      throw validationFailed([{ path: 'variant', message: 'must be video: nothing else is kept' }]);
    }
    const job = await this.videos.find({ id, userId });
    if (job.stage !== 'completed' || job.assetId === null) throw notReady(job);
    const opened = await this.assets.openOwn(job.assetId, userId);
    if (!('stream' in opened)) throw notReady(job);
    const { stream, mime, bytes, fileName } = opened;
    const disposition = `attachment; filename="${fileName}"`;
    return new StreamableFile(stream, { type: mime, length: bytes, disposition });
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete a video; one that is not done is called off, and costs nothing' })
  @ApiOkResponse(WIRE_ANSWER)
  async delete(@Param('id', IdPipe) id: string, @CurrentPrincipal() { userId }: Principal): Promise<object> {
    await this.videos.delete({ id, userId });
    return { id, object: 'video.deleted', deleted: true };
  }
}

function shown(job: VideoJob): object {
  const video = videoWire(job);
  if (video) return video;
  throw new CodedError('not_found', `The video ${job.id} was cancelled.`);
}

function notReady(job: VideoJob): CodedError {
  const text =
    job.stage === 'failed' || job.stage === 'cancelled'
      ? `There is no video: it has ${job.stage === 'failed' ? 'failed' : 'been cancelled'}.`
      : `The video is not ready yet. Ask GET /v1/videos/${job.id} how far it is.`;
  return new CodedError('not_found', text);
}
