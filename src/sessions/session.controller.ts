import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { EndpointRate } from '../http/index.js';

import { SessionOpening } from './session-opening.js';

const RATE = { requestsPerMinute: 5, burst: 5 };

/** Where realtime sessions are opened: WebSockets, which begin as a request. */
@ApiTags('sessions')
@Controller()
export class SessionController {
  constructor(private readonly opening: SessionOpening) {}

  @Get('session')
  @EndpointRate(RATE)
  @ApiOperation({
    summary: 'A realtime session under its budget: a WebSocket in OpenAI’s Realtime events',
    description:
      'Connect with `Upgrade: websocket`; what is refused is answered as any request, before the upgrade. See docs/sessions.md.',
  })
  @ApiQuery({ name: 'model', required: false, description: 'A name, an alias, or `provider/model`.' })
  @ApiResponse({ status: 101, description: 'The session is open; its id is in X-Session-Id.' })
  async open(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('model') model: unknown,
  ): Promise<void> {
    await this.opening.open(request, reply, model);
  }

  /** The same where OpenAI's clients look for it. */
  @Get('v1/realtime')
  @EndpointRate(RATE)
  @ApiOperation({ summary: 'As `GET /session`, where OpenAI’s clients look for it' })
  @ApiQuery({ name: 'model', required: false })
  @ApiResponse({ status: 101, description: 'The session is open; its id is in X-Session-Id.' })
  async openAi(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('model') model: unknown,
  ): Promise<void> {
    await this.opening.open(request, reply, model);
  }
}
