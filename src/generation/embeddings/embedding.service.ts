import { Injectable } from '@nestjs/common';

import { costOf, countEmbeddingInput, type WireBody } from '../../pricing/index.js';
import { lacks, ProviderRouter, type ProviderUsage, type WireObject } from '../../providers/index.js';
import {
  type ActualUsage,
  type CallEstimate,
  currentCallContext,
  RateLimit,
} from '../../rate-limiting/index.js';
import { dearestOf } from '../dearest-estimate.js';
import { payableRoutes } from '../payable-routes.js';
import { type OneOrMore, type Target, Targets } from '../targets.js';

/** A place that embeddings may be made at. */
interface EmbeddingTarget extends Target {
  readonly inputTokens: number;
}

/** An embedding that is ready to be made. */
export interface EmbeddingCall {
  readonly body: WireBody;
  readonly targets: OneOrMore<EmbeddingTarget>;
}

/** The provider's own answer, and what it used. */
export interface EmbeddingAnswer {
  readonly body: WireObject;
  readonly usage: ActualUsage;
}

/** Embeddings, metered as `embedding`. */
@Injectable()
export class EmbeddingService {
  constructor(
    private readonly targets: Targets,
    private readonly router: ProviderRouter,
  ) {}

  /** @throws CodedError `not_found` where no provider serves the model. */
  async prepare(body: WireBody, model: string | null | undefined): Promise<EmbeddingCall> {
    const targets = await this.targets.all('embedding', { model }, (target): EmbeddingTarget => {
      return { ...target, inputTokens: countEmbeddingInput(body, target.model.name) };
    });
    return { body, targets };
  }

  @RateLimit({
    operation: 'embedding',
    estimate: ({ targets }: EmbeddingCall) => dearestOf(targets, estimateAt),
    actual: (answer: EmbeddingAnswer) => answer.usage,
  })
  embed({ body, targets }: EmbeddingCall): Promise<EmbeddingAnswer> {
    const signal = currentCallContext()?.hangUp?.signal ?? new AbortController().signal;
    return this.router.executeWithFailover<EmbeddingAnswer, EmbeddingTarget>({
      operation: 'embedding',
      signal,
      ...payableRoutes(targets, estimateAt),
      run: async (target) => {
        const { provider, model } = target;
        const answer = await (provider.embed?.({ body, model: model.name, signal }) ??
          lacks(provider, 'embeddings'));
        return { body: answer.body, usage: embeddingUsage(target, answer.usage) };
      },
    });
  }
}

function estimateAt({ inputTokens, price, provider, model }: EmbeddingTarget): CallEstimate {
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

function embeddingUsage(target: EmbeddingTarget, counted: ProviderUsage | undefined): ActualUsage {
  const inputTokens = counted?.inputTokens ?? target.inputTokens;
  const outputTokens = counted?.outputTokens ?? 0;
  return {
    provider: target.provider.name,
    model: target.model.name,
    inputTokens,
    outputTokens,
    ...(counted && { totalTokens: counted.totalTokens }),
    costNanoUsd: target.price ? costOf(target.price, { inputTokens, outputTokens }) : 0,
    estimated: counted === undefined,
  };
}
