import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { countChatInput, countText, type WireBody } from '../../pricing/index.js';
import {
  asBrokenStream,
  type ChatChunk,
  lacks,
  type ProviderCall,
  ProviderError,
  ProviderHealth,
  ProviderRouter,
  type WireObject,
} from '../../providers/index.js';
import { type ActualUsage, currentCallContext, type Operation } from '../../rate-limiting/index.js';

import { payableRoutes } from '../payable-routes.js';
import { Targets, type WantedModel } from '../targets.js';

import { type ChatCall, type ChatTarget, estimateChatAt } from './chat-call.js';
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

/** Makes chats at a provider, or at the next where one fails. Who calls it is guarded: the output cap is the one that was reserved. */
@Injectable()
export class ChatRunner {
  constructor(
    private readonly targets: Targets,
    private readonly router: ProviderRouter,
    private readonly health: ProviderHealth,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws CodedError where no provider serves the model. */
  prepare(body: WireBody, operation: Operation, wanted: WantedModel): ChatCall {
    const counted = new Map<string, number>();
    const targets = this.targets.all(operation, wanted, (target): ChatTarget => {
      const { name } = target.model;
      const inputTokens = counted.get(name) ?? countChatInput(body, name);
      counted.set(name, inputTokens);
      return { ...target, inputTokens };
    });
    const { minOutputTokens } = this.settings.rateLimiting;
    return { operation, targets, body, minOutputTokens };
  }

  /** @throws CodedError for what no provider did. */
  complete(call: ChatCall): Promise<ChatAnswer> {
    return this.routed(call, call.operation, async (target, upstream) => {
      const { body, usage } = await (target.provider.chat?.(upstream) ?? lacks(target.provider, 'chat'));
      const delivered = () => countText(textOfAnswer(body), target.model.name);
      return { body, usage: chatUsage(target, usage, delivered) };
    });
  }

  /** Resolves when the first chunk is there. @throws CodedError for what no provider did. */
  stream(call: ChatCall): Promise<AsyncIterable<ChatPiece>> {
    return this.routed(call, `${call.operation}.first_byte`, async (target, upstream) => {
      const chunks = await (target.provider.chatStream?.(upstream) ?? lacks(target.provider, 'chat streams'));
      return pieces(target, chunks, (error) => this.health.failed(error));
    });
  }

  private routed<Answer>(
    call: ChatCall,
    measure: string,
    ask: (target: ChatTarget, upstream: ProviderCall) => Promise<Answer>,
  ): Promise<Answer> {
    const { signal, cap } = reservedCall();
    return this.router.executeWithFailover<Answer, ChatTarget>({
      operation: call.operation,
      measure,
      signal,
      ...payableRoutes(call.targets, (target) => estimateChatAt(call, target)),
      run: (target) => ask(target, { ...upstreamCall(call, target, cap), signal }),
    });
  }
}

async function* pieces(
  target: ChatTarget,
  chunks: AsyncIterable<ChatChunk>,
  onFailure: (error: ProviderError) => Promise<unknown>,
): AsyncGenerator<ChatPiece> {
  let delivered = '';
  let counted: ChatChunk['usage'];
  let ended = false;
  // Asked only when the stream ends: counting the text at every chunk would be work without end.
  const used = () => {
    if (!ended && counted === undefined && delivered === '') return undefined;
    return chatUsage(target, counted, () => countText(delivered, target.model.name));
  };
  try {
    for await (const chunk of chunks) {
      delivered += chunk.deltaText;
      counted = chunk.usage ?? counted;
      yield { chunk, used };
    }
    ended = true;
  } catch (error) {
    if (error instanceof ProviderError && error.reason !== 'aborted') await onFailure(error);
    throw asBrokenStream(error);
  }
}

function reservedCall(): { signal: AbortSignal; cap: number } {
  const { hangUp, reservation } = currentCallContext() ?? {};
  if (!hangUp || !reservation) throw new Error('A chat is made outside of a guarded call.');
  return { signal: hangUp.signal, cap: reservation.grantedOutputTokens };
}

/** The cap was reserved for whoever can answer at the greatest length. */
function upstreamCall({ body }: ChatCall, { provider, model }: ChatTarget, cap: number) {
  const most = Math.min(cap, model.maxOutputTokens ?? cap);
  return { body: withOutputCap(body, most, provider.outputCapField(model.name)), model: model.name };
}
