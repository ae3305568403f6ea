import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  type StreamableFile,
} from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { CodedError, validationFailed } from '../../errors.js';
import { Idempotent, TakesForms } from '../../http/index.js';
import { CurrentPrincipal, IdPipe, type Principal } from '../../identity/index.js';
import { answerWithBytes, AssetReader } from '../../media/index.js';
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
  @ApiHeader({
    name: 'Range',
    required: false,
    description: 'One part, such as `bytes=0-1023`: for players.',
  })
  @ApiProduces('video/mp4')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({
    status: 206,
    description: 'The part that `Range` asked for; `Content-Range` says which.',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiResponse({
    status: 416,
    description: 'The part lies behind the end; `Content-Range` says how long it is.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' } } },
  })
  async content(
    @Param('id', IdPipe) id: string,
    @CurrentPrincipal() { userId }: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('range') range: string | undefined,
    @Query('variant') variant: unknown = 'video',
  ): Promise<StreamableFile> {
    if (variant !== 'video') {
      throw validationFailed([{ path: 'variant', message: 'must be video: nothing else is kept' }]);
    }
    const job = await this.videos.find({ id, userId });
    if (job.stage !== 'completed' || job.assetId === null) throw notReady(job);
    return answerWithBytes(await this.assets.openOwn(job.assetId, userId, range), reply, 'attachment');
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
