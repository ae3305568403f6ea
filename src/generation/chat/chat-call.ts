import { ratesFor, type WireBody } from '../../pricing/index.js';
import { type CallEstimate } from '../../rate-limiting/index.js';
import { type Target } from '../targets.js';

import { askedOutputTokens, choicesOf, DEFAULT_MAX_OUTPUT_TOKENS } from './output-cap.js';

/** A chat that is ready to be made: where it goes, and what it can use at most. */
export interface ChatCall extends Target {
  readonly body: WireBody;
  /** Counted before the call. */
  readonly inputTokens: number;
  /** Less room than this is not worth a call. */
  readonly minOutputTokens: number;
}

/** What a chat call uses at most: its input as counted, its output as long as asked and as the model can. */
export function estimateChat(call: ChatCall): CallEstimate {
  const { inputTokens, price, model, provider, body } = call;
  const rates = price && ratesFor(price, inputTokens);
  const asked = askedOutputTokens(body) ?? model.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS;
  return {
    inputTokens,
    output: {
      max: Math.min(asked, model.maxOutputTokens ?? Number.POSITIVE_INFINITY),
      min: call.minOutputTokens,
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
