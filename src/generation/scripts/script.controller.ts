import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { Idempotent, sendEvents, type StreamEvent, tellCall } from '../../http/index.js';
import { Clock } from '../../rate-limiting/index.js';
import { contentDeltaOf, contentOf } from '../chat/answer-text.js';
import { type ChatCall } from '../chat/chat-call.js';
import { type ChatPiece } from '../chat/chat.runner.js';
import { ScriptAnswerDto } from '../generation.views.js';
import { meteredView, usageView } from '../usage-view.js';
import { failureEvent } from '../stream-failure.js';

import { GenerateScriptDto } from './script.dto.js';
import { ScriptService } from './script.service.js';

/** Scripts for the web app. */
@ApiTags('generation')
@Controller('generate/script')
export class ScriptController {
  constructor(
    private readonly scripts: ScriptService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Idempotent()
  @ApiOperation({
    summary: 'Write a script',
    description: 'With `Accept: text/event-stream` it comes as it is written.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: ScriptAnswerDto })
  async generate(
    @Body() wish: GenerateScriptDto,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const call = await this.scripts.prepare(wish);
    if (accept?.includes('text/event-stream')) return this.stream(call, reply);
    const answer = await this.write(call);
    tellCall(reply, this.clock);
    await reply.send(answer);
  }

  private async write(call: ChatCall): Promise<ScriptAnswerDto> {
    const { body, usage } = await this.scripts.write(call);
    const { provider, model } = usage;
    const { id, limits } = meteredView();
    return { id, script: contentOf(body), provider, model, usage: usageView(usage), limits };
  }

  private async stream(call: ChatCall, reply: FastifyReply): Promise<void> {
    const pieces = await this.scripts.stream(call);
    tellCall(reply, this.clock);
    await sendEvents(reply, scriptEvents(pieces));
  }
}

/** `script.delta` {text} as it is written, then `script.done` with all that the plain answer has; or `error`. */
async function* scriptEvents(pieces: AsyncIterable<ChatPiece>): AsyncGenerator<StreamEvent> {
  let script = '';
  let last: ChatPiece | undefined;
  try {
    for await (const piece of pieces) {
      last = piece;
      const text = contentDeltaOf(piece.chunk.raw);
      script += text;
      if (text !== '') yield { event: 'script.delta', data: JSON.stringify({ text }) };
    }
  } catch (error) {
    yield { event: 'error', data: failureEvent(error, '/generate/script') };
    return;
  }
  const usage = last?.used();
  const { id, limits } = meteredView();
  const done = {
    id,
    script,
    provider: usage?.provider,
    model: usage?.model,
    usage: usage && usageView(usage),
    limits,
  };
  yield { event: 'script.done', data: JSON.stringify(done) };
}
