import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import { isRefusal } from '../../database/index.js';
import {
  type ChatAnswer,
  type ChatCall,
  ChatRunner,
  contentOf,
  estimateChat,
} from '../../generation/index.js';
import { type ActualUsage, currentCallContext, RateLimit } from '../../rate-limiting/index.js';

import { chatOf, type JudgedAnswer, judgedAnswer } from './message-chat.js';
import { type ClaimedMessage, MessageStore } from './message.store.js';
import { PublisherLeave } from './publisher-leave.js';
import { RunLost } from './run-lost.js';

const KEEP_AGAIN_MS = 250;

/** A run of a message that is ready to be made. */
export interface MessageRun {
  readonly message: ClaimedMessage;
  readonly call: ChatCall;
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
}

/** A run that was answered: what it is charged, and why that answer will not do, where it will not. */
export interface AnsweredRun {
  readonly usage: ActualUsage;
  readonly error: JudgedAnswer['error'];
}

/** Answers messages, metered as `llm_call`. The answer is kept before it is charged: whoever dies in between, it is charged. */
@Injectable()
export class MessageAnswerer {
  private readonly logger = new Logger('Messages');

  constructor(
    private readonly runner: ChatRunner,
    private readonly messages: MessageStore,
    private readonly leave: PublisherLeave,
  ) {}

  /**
   * Inside the call context of who is charged.
   * @throws CodedError `forbidden` where who published it could not do so any more; `not_found` where no provider serves the
   *   model.
   */
  async prepare(message: ClaimedMessage): Promise<ChatCall> {
    await this.leave.require(message);
    const { wish } = message;
    return this.runner.prepare(chatOf(wish), 'llm_call', { model: wish.model });
  }

  /**
   * @throws RunLost where the message is another run's by now; CodedError as `ChatRunner.complete` does. Then it costs nothing.
   */
  @RateLimit({
    operation: 'llm_call',
    estimate: ({ call }: MessageRun) => estimateChat(call),
    actual: ({ usage }: AnsweredRun) => usage,
  })
  async answer({ message, call, signal }: MessageRun): Promise<AnsweredRun> {
    const reservation = currentCallContext()?.reservation;
    if (!reservation) throw new Error('A message is answered outside of a guarded call.');
    // Whoever takes it on after a death gives this back at once, instead of in RESERVATION_TTL_SEC.
    if (!(await this.messages.hold(message, reservation))) throw new RunLost(message.id);
    const answer = await this.runner.complete(call);
    return this.keep(message, answer, signal);
  }

  private async keep(message: ClaimedMessage, answer: ChatAnswer, signal: AbortSignal): Promise<AnsweredRun> {
    const judged = judgedAnswer(contentOf(answer.body), message.wish);
    const usage = { ...answer.usage, metadata: { ...answer.usage.metadata, messageId: message.id } };
    if (!(await this.kept(message, { ...judged, usage }, signal))) throw new RunLost(message.id);
    return { usage, error: judged.error };
  }

  /** Whether it was written may not be known; written again it is the same. An answer that was paid for upstream is worth the wait. */
  private async kept(
    message: ClaimedMessage,
    patch: JudgedAnswer & Pick<AnsweredRun, 'usage'>,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let told = false; ; told = true) {
      try {
        return (await this.messages.answer(message, patch)) !== undefined;
      } catch (error) {
        if (signal.aborted || isRefusal(error)) throw error;
        if (!told)
          this.logger.warn({ err: error, message: message.id }, 'An answer cannot be kept yet; trying on.');
        // Stopped, it is tried once more; then it is the table that was away, which is no try.
        await delay(KEEP_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
