import { Injectable } from '@nestjs/common';

import { costOf, countEmbeddingInput, type WireBody } from '../../pricing/index.js';
import { type ProviderUsage, type WireObject } from '../../providers/index.js';
import {
  type ActualUsage,
  type CallEstimate,
  currentCallContext,
  RateLimit,
} from '../../rate-limiting/index.js';
import { asCodedError } from '../provider-failure.js';
import { type Target, Targets } from '../targets.js';

/** An embedding that is ready to be made. */
export interface EmbeddingCall extends Target {
  readonly body: WireBody;
  readonly inputTokens: number;
}

/** The provider's own answer, and what it used. */
export interface EmbeddingAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
}

/** Embeddings, metered as `embedding`. */
@Injectable()
export class EmbeddingService {
  constructor(private readonly targets: Targets) {}

  /** @throws CodedError `not_found` where no provider serves the model. */
  prepare(body: WireBody, model: string | null | undefined): EmbeddingCall {
    const target = this.targets.find('embedding', { model });
    return { ...target, body, inputTokens: countEmbeddingInput(body, target.model.name) };
  }

  @RateLimit({
    operation: 'embedding',
    estimate: (call: EmbeddingCall) => estimateEmbedding(call),
    actual: (answer: EmbeddingAnswer) => answer.usage,
  })
  async embed(call: EmbeddingCall): Promise<EmbeddingAnswer> {
    const signal = currentCallContext()?.signal ?? new AbortController().signal;
    try {
      const { body, usage } = await call.provider.embed({ body: call.body, model: call.model.name, signal });
      return { body, usage: embeddingUsage(call, usage) };
    } catch (error) {
      throw asCodedError(error);
    }
  }
}

function estimateEmbedding({ inputTokens, price, provider, model }: EmbeddingCall): CallEstimate {
  return {
    inputTokens,
    baseCostNanoUsd: price ? costOf(price, { inputTokens, outputTokens: 0 }) : 0,
    outputCostNanoUsd: 0,
    priced: price !== undefined,
    count: 1,
    provider: provider.name,
    model: model.name,
  };
}

function embeddingUsage(call: EmbeddingCall, counted: ProviderUsage | undefined): ActualUsage {
  const inputTokens = counted?.inputTokens ?? call.inputTokens;
  return {
    provider: call.provider.name,
    model: call.model.name,
    inputTokens,
    outputTokens: counted?.outputTokens ?? 0,
    ...(counted && { totalTokens: counted.totalTokens }),
    costNanoUsd: call.price
      ? costOf(call.price, { inputTokens, outputTokens: counted?.outputTokens ?? 0 })
      : 0,
    estimated: counted === undefined,
  };
}
