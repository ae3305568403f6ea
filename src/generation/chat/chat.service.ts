import { Injectable } from '@nestjs/common';

import { RateLimit } from '../../rate-limiting/index.js';

import { type ChatCall, estimateChat } from './chat-call.js';
import { type ChatAnswer, type ChatPiece, ChatRunner } from './chat.runner.js';
import { type TextEvent } from './text-form.js';

/** Plain LLM calls, chats and responses, metered as `llm_call`. */
@Injectable()
export class ChatService {
  constructor(private readonly runner: ChatRunner) {}

  @RateLimit({
    operation: 'llm_call',
    estimate: (call: ChatCall<TextEvent>) => estimateChat(call),
    actual: (answer: ChatAnswer) => answer.usage,
  })
  complete(call: ChatCall<TextEvent>): Promise<ChatAnswer> {
    return this.runner.complete(call);
  }

  @RateLimit({
    operation: 'llm_call',
    estimate: (call: ChatCall<TextEvent>) => estimateChat(call),
    actual: (piece: ChatPiece<TextEvent>) => piece.used,
  })
  stream<Event extends TextEvent>(call: ChatCall<Event>): Promise<AsyncIterable<ChatPiece<Event>>> {
    return this.runner.stream(call);
  }
}
