import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { countChatInput, countText, type WireBody } from '../../pricing/index.js';
import { type ChatChunk, type WireObject } from '../../providers/index.js';
import { type ActualUsage, currentCallContext, type Operation } from '../../rate-limiting/index.js';

import { asBrokenStream, asCodedError } from '../provider-failure.js';
import { Targets, type WantedModel } from '../targets.js';

import { type ChatCall } from './chat-call.js';
import { chatUsage } from './chat-usage.js';
import { textOfAnswer } from './answer-text.js';
import { withOutputCap } from './output-cap.js';

/** A whole answer: the provider's own body, and what it used. */
export interface ChatAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
}

/** A piece of a streamed answer, and what the answer used so far: nothing until there was output. */
export interface ChatPiece {
  readonly chunk: ChatChunk;
  readonly used: () => ActualUsage | undefined;
}

/** Makes chats at a provider. Who calls it is guarded: the output cap is the one that was reserved. */
@Injectable()
export class ChatRunner {
  constructor(
    private readonly targets: Targets,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws CodedError where no provider serves the model. */
  prepare(body: WireBody, operation: Operation, wanted: WantedModel): ChatCall {
    const target = this.targets.find(operation, wanted);
    const { minOutputTokens } = this.settings.rateLimiting;
    return { ...target, body, inputTokens: countChatInput(body, target.model.name), minOutputTokens };
  }

  /** @throws CodedError for what the provider did not do. */
  async complete(call: ChatCall): Promise<ChatAnswer> {
    try {
      const { body, usage } = await call.provider.chat(providerCall(call));
      return { body, usage: chatUsage(call, usage, () => countText(textOfAnswer(body), call.model.name)) };
    } catch (error) {
      throw asCodedError(error);
    }
  }

  /** Resolves when the first chunk is there. @throws CodedError for what the provider did not do. */
  async stream(call: ChatCall): Promise<AsyncIterable<ChatPiece>> {
    try {
      return pieces(call, await call.provider.chatStream(providerCall(call)));
    } catch (error) {
      throw asCodedError(error);
    }
  }
}

async function* pieces(call: ChatCall, chunks: AsyncIterable<ChatChunk>): AsyncGenerator<ChatPiece> {
  let delivered = '';
  let counted: ChatChunk['usage'];
  let ended = false;
  // Asked only when the stream ends: counting the text at every chunk would be work without end.
  const used = () => {
    if (!ended && counted === undefined && delivered === '') return undefined;
    return chatUsage(call, counted, () => countText(delivered, call.model.name));
  };
  try {
    for await (const chunk of chunks) {
      delivered += chunk.deltaText;
      counted = chunk.usage ?? counted;
      yield { chunk, used };
    }
    ended = true;
  } catch (error) {
    throw asBrokenStream(error);
  }
}

function providerCall(call: ChatCall) {
  const context = currentCallContext();
  const cap = context?.reservation?.grantedOutputTokens;
  if (context?.signal === undefined || cap === undefined)
    throw new Error('A chat is made outside of a guarded call.');
  return {
    body: withOutputCap(call.body, cap, call.provider.outputCapField(call.model.name)),
    model: call.model.name,
    signal: context.signal,
  };
}
