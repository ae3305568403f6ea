import { ratesFor, type WireBody } from '../../pricing/index.js';
import { type CallEstimate, type Operation } from '../../rate-limiting/index.js';
import { dearestOf } from '../dearest-estimate.js';
import { type OneOrMore, type Target } from '../targets.js';

import { askedOutputTokens, choicesOf, DEFAULT_MAX_OUTPUT_TOKENS } from './output-cap.js';

/** A place that a chat may go to. */
export interface ChatTarget extends Target {
  /** Counted before the call, as its model counts. */
  readonly inputTokens: number;
}

/** A chat that is ready to be made: where it may go, and what it can use at most. */
export interface ChatCall {
  readonly operation: Operation;
  readonly targets: OneOrMore<ChatTarget>;
  readonly body: WireBody;
  /** Less room than this is not worth a call. */
  readonly minOutputTokens: number;
}

/** What a chat call uses at most, whoever answers it. */
export function estimateChat(call: ChatCall): CallEstimate {
  return dearestOf(call.targets, (target) => estimateChatAt(call, target));
}

/** What it uses at most at one target: its input as counted, its output as long as asked and as the model can. */
export function estimateChatAt(call: ChatCall, target: ChatTarget): CallEstimate {
  const { body, minOutputTokens } = call;
  const { inputTokens, price, model, provider } = target;
  const rates = price && ratesFor(price, inputTokens);
  const asked = askedOutputTokens(body) ?? model.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS;
  return {
    inputTokens,
    output: {
      max: Math.min(asked, model.maxOutputTokens ?? Number.POSITIVE_INFINITY),
      min: minOutputTokens,
      choices: choicesOf(body),
    },
    baseCostNanoUsd: Math.ceil(inputTokens * (rates?.inputNanoPerToken ?? 0)),
    outputCostNanoUsd: rates?.outputNanoPerToken ?? 0,
    // A dearer tier than the listed one: its price is not known.
    priced: price !== undefined && body.service_tier !== 'priority',
    count: 1,
    provider: provider.name,
    model: model.name,
  };
}
