import { Injectable } from '@nestjs/common';

import { RateLimit } from '../../rate-limiting/index.js';

import { type ChatCall, estimateChat } from './chat-call.js';
import { type ChatAnswer, type ChatPiece, ChatRunner } from './chat.runner.js';

/** Plain LLM calls, metered as `llm_call`. */
@Injectable()
export class ChatService {
  constructor(private readonly runner: ChatRunner) {}

  @RateLimit({
    operation: 'llm_call',
    estimate: (call: ChatCall) => estimateChat(call),
    actual: (answer: ChatAnswer) => answer.usage,
  })
  complete(call: ChatCall): Promise<ChatAnswer> {
    return this.runner.complete(call);
  }

  @RateLimit({
    operation: 'llm_call',
    estimate: (call: ChatCall) => estimateChat(call),
    actual: (piece: ChatPiece) => piece.used,
  })
  stream(call: ChatCall): Promise<AsyncIterable<ChatPiece>> {
    return this.runner.stream(call);
  }
}
