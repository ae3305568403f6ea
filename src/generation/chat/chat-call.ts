import { ratesFor, type WireBody } from '../../pricing/index.js';
import { type ChatChunk } from '../../providers/index.js';
import { type CallEstimate, type Operation } from '../../rate-limiting/index.js';
import { dearestOf } from '../dearest-estimate.js';
import { type OneOrMore, type Target } from '../targets.js';

import { DEFAULT_MAX_OUTPUT_TOKENS } from './output-cap.js';
import { type TextEvent, type TextForm } from './text-form.js';

/** A place that a chat may go to. */
export interface ChatTarget extends Target {
  /** Counted before the call, as its model counts. */
  readonly inputTokens: number;
}

/** A text call that is ready to be made: where it may go, and what it can use at most. A chat unless its form is another. */
export interface ChatCall<Event extends TextEvent = ChatChunk> {
  readonly form: TextForm<Event>;
  readonly operation: Operation;
  readonly targets: OneOrMore<ChatTarget>;
  readonly body: WireBody;
  /** Less room than this is not worth a call. */
  readonly minOutputTokens: number;
}

/** What a chat call uses at most, whoever answers it. */
export function estimateChat(call: ChatCall<TextEvent>): CallEstimate {
  return dearestOf(call.targets, (target) => estimateChatAt(call, target));
}

/** What it uses at most at one target: its input as counted, its output as long as asked and as the model can. */
export function estimateChatAt(call: ChatCall<TextEvent>, target: ChatTarget): CallEstimate {
  const { body, form, minOutputTokens } = call;
  const { inputTokens, price, model, provider } = target;
  const rates = price && ratesFor(price, inputTokens);
  const asked = form.askedOutputTokens(body) ?? model.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS;
  return {
    inputTokens,
    output: {
      max: Math.min(asked, model.maxOutputTokens ?? Number.POSITIVE_INFINITY),
      min: minOutputTokens,
      choices: form.choicesOf(body),
    },
    baseCostNanoUsd: Math.ceil(inputTokens * (rates?.inputNanoPerToken ?? 0)),
    outputCostNanoUsd: rates?.outputNanoPerToken ?? 0,
    priced: price !== undefined && form.hasKnownPrice(body),
    count: 1,
    provider: provider.name,
    model: model.name,
  };
}
