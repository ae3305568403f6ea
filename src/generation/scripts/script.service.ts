import { Injectable } from '@nestjs/common';

import { RateLimit } from '../../rate-limiting/index.js';
import { type ChatCall, estimateChat } from '../chat/chat-call.js';
import { type ChatAnswer, type ChatPiece, ChatRunner } from '../chat/chat.runner.js';

import { type GenerateScriptDto } from './script.dto.js';
import { scriptMessages } from './script-prompt.js';

/** Scripts, metered as `script_generation`. */
@Injectable()
export class ScriptService {
  constructor(private readonly runner: ChatRunner) {}

  /** @throws CodedError `not_found` where no provider serves the model. */
  prepare(wish: GenerateScriptDto): Promise<ChatCall> {
    return this.runner.prepare({ messages: scriptMessages(wish) }, 'script_generation', wish);
  }

  @RateLimit({
    operation: 'script_generation',
    estimate: (call: ChatCall) => estimateChat(call),
    actual: (answer: ChatAnswer) => answer.usage,
  })
  write(call: ChatCall): Promise<ChatAnswer> {
    return this.runner.complete(call);
  }

  @RateLimit({
    operation: 'script_generation',
    estimate: (call: ChatCall) => estimateChat(call),
    actual: (piece: ChatPiece) => piece.used,
  })
  stream(call: ChatCall): Promise<AsyncIterable<ChatPiece>> {
    return this.runner.stream(call);
  }
}
