import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { Idempotent } from '../../http/index.js';
import {
  ApiProblems,
  CurrentPrincipal,
  IdPipe,
  mapPage,
  type Page,
  pageRequest,
  type Principal,
} from '../../identity/index.js';

import {
  MessageAcceptedDto,
  MessageDto,
  MessagePageDto,
  MessageQuery,
  PublishMessageDto,
} from './message.dto.js';
import { messageView } from './message.view.js';
import { MessagesService, type Publication } from './messages.service.js';

/** Messages for the workers of a workspace. */
@ApiTags('workspaces')
@Controller()
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Post(['messages', 'message/publish'])
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary: 'Publish a message to a workspace',
    description:
      'Answers when it is stored; a worker of the workspace answers it, metered as an llm_call of yours.',
  })
  @ApiAcceptedResponse({
    type: MessageAcceptedDto,
    headers: { Location: { schema: { type: 'string' }, description: '/messages/:id' } },
  })
  @ApiProblems(400, 401, 404)
  async publish(
    @Body() body: PublishMessageDto,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageAcceptedDto> {
    const id = await this.messages.publish(publicationOf(body), principal);
    reply.header('Location', `/messages/${id}`);
    return { message_id: id, status: 'queued' };
  }

  @Get('messages')
  @ApiOperation({ summary: 'The messages of a workspace, the newest first' })
  @ApiOkResponse({ type: MessagePageDto })
  @ApiProblems(400, 401, 404)
  async search(
    @Query() query: MessageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<MessageDto>> {
    const search = { workspaceId: query.workspace_id, status: query.status };
    const found = await this.messages.search(search, principal, pageRequest(query));
    return mapPage(found, (message) => messageView(message, principal));
  }

  @Get(['messages/:id', 'message/:id'])
  @ApiOperation({ summary: 'One of them; of a workspace that is another’s it is a 404' })
  @ApiOkResponse({ type: MessageDto })
  @ApiProblems(401, 404)
  async find(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<MessageDto> {
    return messageView(await this.messages.find(id, principal), principal);
  }
}

function publicationOf(body: PublishMessageDto): Publication {
  const { prompt, content, system_prompt, model, response_format } = body;
  return {
    workspaceId: body.workspace_id,
    wish: {
      prompt,
      content: content ?? undefined,
      systemPrompt: system_prompt ?? undefined,
      model: model ?? undefined,
      responseFormat: response_format ?? 'text',
    },
    sequenceIndex: body.sequence_index ?? null,
    htmlTag: body.html_tag ?? null,
  };
}
