import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { CodedError } from '../../errors.js';
import { countText, type WireBody } from '../../pricing/index.js';
import {
  asBrokenStream,
  type ChatChunk,
  placeOf,
  type ProviderCall,
  ProviderError,
  ProviderHealth,
  ProviderRouter,
  type WireObject,
} from '../../providers/index.js';
import { type ActualUsage, currentCallContext, type Operation } from '../../rate-limiting/index.js';

import { payableRoutes } from '../payable-routes.js';
import { type OneOrMore, Targets, type WantedModel } from '../targets.js';

import { type ChatCall, type ChatTarget, estimateChatAt } from './chat-call.js';
import { CHAT_FORM } from './chat-form.js';
import { chatUsage } from './chat-usage.js';
import { type TextEvent, type TextForm } from './text-form.js';

/** A whole answer: the provider's own body, and what it used. */
export interface ChatAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
}

/** A piece of a streamed answer, and what the answer used so far: nothing until there was output. */
export interface ChatPiece<Event extends TextEvent = ChatChunk> {
  readonly chunk: Event;
  readonly used: () => ActualUsage | undefined;
}

/** Makes chats, and texts in other forms, at a provider, or at the next where one fails. Who calls it is guarded: the output cap is the one that was reserved. */
@Injectable()
export class ChatRunner {
  constructor(
    private readonly targets: Targets,
    private readonly router: ProviderRouter,
    private readonly health: ProviderHealth,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** A chat. @throws CodedError where no provider serves the model. */
  prepare(body: WireBody, operation: Operation, wanted: WantedModel): Promise<ChatCall> {
    return this.prepareIn(CHAT_FORM, { body, operation, wanted });
  }

  /** @throws CodedError `not_found` where no provider serves the model in that form. */
  async prepareIn<Event extends TextEvent>(
    form: TextForm<Event>,
    { body, operation, wanted }: { body: WireBody; operation: Operation; wanted: WantedModel },
  ): Promise<ChatCall<Event>> {
    const counted = new Map<string, number>();
    const all = await this.targets.all(operation, wanted, (target): ChatTarget => {
      const { name } = target.model;
      const inputTokens = counted.get(name) ?? form.countInput(body, name);
      counted.set(name, inputTokens);
      return { ...target, inputTokens };
    });
    const { minOutputTokens } = this.settings.rateLimiting;
    return { form, operation, targets: servedIn(form, all), body, minOutputTokens };
  }

  /** @throws CodedError for what no provider did. */
  complete(call: ChatCall<TextEvent>): Promise<ChatAnswer> {
    const { form, operation } = call;
    return this.routed(call, operation, async (target, upstream) => {
      const { body, usage } = await form.answer(target.provider, upstream);
      const tokens = () => countText(form.textOf(body), target.model.name);
      return { body, usage: chatUsage(target, usage, { tokens, resourceId: form.resourceIdOf(body) }) };
    });
  }

  /** Resolves when the first chunk is there. @throws CodedError for what no provider did. */
  stream<Event extends TextEvent>(call: ChatCall<Event>): Promise<AsyncIterable<ChatPiece<Event>>> {
    const { form, operation } = call;
    return this.routed(call, `${operation}.first_byte`, async (target, upstream) => {
      const chunks = await form.stream(target.provider, upstream);
      return pieces({ target, form, chunks }, (error) => this.health.failed(error, placeOf(target)));
    });
  }

  private routed<Answer>(
    call: ChatCall<TextEvent>,
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

/** Those of the targets that have the form at all: nobody is asked for what it is known to lack. */
function servedIn(form: TextForm, targets: OneOrMore<ChatTarget>): OneOrMore<ChatTarget> {
  const [first, ...others] = targets.filter(({ provider }) => form.servedBy(provider));
  if (first) return [first, ...others];
  const { model } = targets[0];
  const names = [...new Set(targets.map(({ provider }) => provider.name))].join(', ');
  throw new CodedError(
    'not_found',
    `Nobody who serves the model ${JSON.stringify(model.name)} (${names}) has /v1/${form.path}. Use /v1/chat/completions, or another model.`,
    { param: 'model' },
  );
}

/** A stream that has begun, and where. */
interface BegunStream<Event extends TextEvent> {
  readonly target: ChatTarget;
  readonly form: TextForm<Event>;
  readonly chunks: AsyncIterable<Event>;
}

async function* pieces<Event extends TextEvent>(
  { target, form, chunks }: BegunStream<Event>,
  onFailure: (error: ProviderError) => Promise<unknown>,
): AsyncGenerator<ChatPiece<Event>> {
  let delivered = '';
  let counted: TextEvent['usage'];
  let resourceId: string | undefined;
  let ended = false;
  // Asked only when the stream ends: counting the text at every chunk would be work without end.
  const used = () => {
    if (!ended && counted === undefined && delivered === '') return undefined;
    const tokens = () => countText(delivered, target.model.name);
    return chatUsage(target, counted, { tokens, resourceId });
  };
  try {
    for await (const chunk of chunks) {
      delivered += chunk.deltaText;
      counted = chunk.usage ?? counted;
      resourceId ??= form.resourceIdOf(chunk.raw);
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
function upstreamCall({ body, form }: ChatCall<TextEvent>, { provider, model }: ChatTarget, cap: number) {
  const most = Math.min(cap, model.maxOutputTokens ?? cap);
  return { body: form.withOutputCap(body, most, provider.outputCapField(model.name)), model: model.name };
}
