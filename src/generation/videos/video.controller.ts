import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { validationFailed } from '../../errors.js';
import { Idempotent } from '../../http/index.js';
import { CurrentPrincipal, type Principal } from '../../identity/index.js';

import { type VideoWish } from './video-call.js';
import { GenerateVideoDto, VideoAcceptedDto } from './video.dto.js';
import { VideoService } from './video.service.js';
import { STATUS_OF } from './video-stage.js';

/** Videos for the web app: taken on at once, made in their own time. */
@ApiTags('generation')
@Controller('generate/video')
export class VideoController {
  constructor(private readonly videos: VideoService) {}

  @Post()
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary: 'Have a video made',
    description: 'Answers when the job is taken on; `Location` is where it is found, and goes on by itself.',
  })
  @ApiAcceptedResponse({
    type: VideoAcceptedDto,
    headers: { Location: { schema: { type: 'string' }, description: '/generations/:id' } },
  })
  async generate(
    @Body() wish: GenerateVideoDto,
    @CurrentPrincipal() { userId }: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VideoAcceptedDto> {
    const { id, stage } = await this.videos.start(wishOf(wish), userId);
    reply.header('Location', `/generations/${id}`);
    return { id, status: STATUS_OF[stage] };
  }
}

function wishOf(wish: GenerateVideoDto): VideoWish {
  const { prompt, script, durationSeconds, aspectRatio, avatarId, voiceId, model, provider } = wish;
  if (prompt !== undefined && script !== undefined) {
    throw validationFailed([{ path: 'script', message: 'either prompt or script, not both' }]);
  }
  const request = {
    prompt: script ?? prompt ?? '',
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(aspectRatio !== undefined && { aspectRatio }),
    ...(avatarId !== undefined && { avatarId }),
    ...(voiceId !== undefined && { voiceId }),
  };
  const spoken = script !== undefined || avatarId !== undefined || voiceId !== undefined;
  return { request, spoken, model, provider };
}
