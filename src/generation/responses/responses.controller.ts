import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { EndpointRate, Idempotent, sendEvents, tellCall } from '../../http/index.js';
import { Clock } from '../../rate-limiting/index.js';
import { ChatService } from '../chat/chat.service.js';

import { responseEvents } from './response-events.js';
import { ResponseRequestDto } from './response-request.dto.js';
import { ResponseRequests } from './response.requests.js';

/** OpenAI's Responses, metered as chats are. */
@ApiTags('openai')
@Controller('v1/responses')
export class ResponsesController {
  constructor(
    private readonly requests: ResponseRequests,
    private readonly chats: ChatService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Idempotent()
  @EndpointRate({ requestsPerMinute: 30, burst: 5 })
  @ApiOperation({ summary: 'A response, plain or streamed' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  async respond(@Body() body: ResponseRequestDto, @Res() reply: FastifyReply): Promise<void> {
    const call = await this.requests.prepare(body);
    if (body.stream !== true) {
      const answer = await this.chats.complete(call);
      tellCall(reply, this.clock);
      await reply.send(answer.body);
      return;
    }
    const pieces = await this.chats.stream(call);
    tellCall(reply, this.clock);
    await sendEvents(reply, responseEvents(pieces));
  }
}
