import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { CodedError } from '../../errors.js';
import { EndpointRate, Idempotent, sendEvents, tellCall } from '../../http/index.js';
import { OwnProviders } from '../../providers/index.js';
import { Clock } from '../../rate-limiting/index.js';
import { type ChatCall } from '../chat/chat-call.js';
import { ChatRunner } from '../chat/chat.runner.js';
import { ChatService } from '../chat/chat.service.js';
import { EmbeddingService } from '../embeddings/embedding.service.js';
import { ImageRunner } from '../images/image.runner.js';
import { ImageService } from '../images/image.service.js';

import { ChatCompletionDto } from './chat-completion.dto.js';
import { chatEvents } from './chat-events.js';
import { EmbeddingsDto } from './embeddings.dto.js';
import { ImageGenerationDto } from './image-generation.dto.js';
import { modelEntry, modelList } from './model-list.js';

const WIRE_ANSWER = { schema: { type: 'object', additionalProperties: true } } as const;

/** OpenAI's protocol: its clients change their base URL and nothing else. */
@ApiTags('openai')
@Controller('v1')
export class OpenAiController {
  constructor(
    private readonly chatRunner: ChatRunner,
    private readonly chats: ChatService,
    private readonly embeddingService: EmbeddingService,
    private readonly imageRunner: ImageRunner,
    private readonly images: ImageService,
    private readonly own: OwnProviders,
    private readonly clock: Clock,
  ) {}

  @Post('chat/completions')
  @HttpCode(200)
  @Idempotent()
  @EndpointRate({ requestsPerMinute: 30, burst: 5 })
  @ApiOperation({ summary: 'Chat, plain or streamed' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse(WIRE_ANSWER)
  async chat(@Body() body: ChatCompletionDto, @Res() reply: FastifyReply): Promise<void> {
    const call = await this.chatRunner.prepare(body, 'llm_call', { model: body.model });
    if (body.stream === true) return this.stream(call, body, reply);
    const answer = await this.chats.complete(call);
    tellCall(reply, this.clock);
    await reply.send(answer.body);
  }

  @Post('embeddings')
  @HttpCode(200)
  @Idempotent()
  @EndpointRate({ requestsPerMinute: 60, burst: 10 })
  @ApiOperation({ summary: 'Embeddings' })
  @ApiOkResponse(WIRE_ANSWER)
  async embeddings(@Body() body: EmbeddingsDto): Promise<object> {
    const call = await this.embeddingService.prepare(body, body.model);
    const answer = await this.embeddingService.embed(call);
    return answer.body;
  }

  @Post('images/generations')
  @HttpCode(200)
  @Idempotent()
  @EndpointRate({ requestsPerMinute: 20, burst: 3 })
  @ApiOperation({ summary: 'Images' })
  @ApiOkResponse(WIRE_ANSWER)
  async image(@Body() body: ImageGenerationDto): Promise<object> {
    const call = await this.imageRunner.prepare(body, { model: body.model });
    const answer = await this.images.generate(call);
    return answer.body;
  }

  @Get('models')
  @ApiOperation({ summary: 'The models that can be called, and their aliases' })
  @ApiOkResponse(WIRE_ANSWER)
  async models(): Promise<object> {
    return modelList((await this.own.registry()).list());
  }

  // Names of models may have slashes of their own.
  @Get('models/*')
  @ApiOperation({ summary: 'One model, by its name, its alias, or `provider/model`' })
  @ApiParam({ name: 'id', type: String })
  @ApiOkResponse(WIRE_ANSWER)
  async model(@Param('*') id: string): Promise<object> {
    const entry = modelEntry((await this.own.registry()).list(), id);
    if (entry) return entry;
    throw new CodedError('not_found', `The model ${JSON.stringify(id)} does not exist.`, { param: 'model' });
  }

  private async stream(call: ChatCall, body: ChatCompletionDto, reply: FastifyReply): Promise<void> {
    const pieces = await this.chats.stream(call);
    tellCall(reply, this.clock);
    await sendEvents(reply, chatEvents(pieces, body.stream_options?.include_usage === true));
  }
}
