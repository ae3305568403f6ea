import { Injectable } from '@nestjs/common';

import { CodedError } from '../errors.js';
import { type ModelPrice, PriceTable } from '../pricing/index.js';
import { type ModelProvider, type ProviderModel, ProviderRegistry } from '../providers/index.js';
import { type Operation } from '../rate-limiting/index.js';

/** What a caller asks to be served by. */
export interface WantedModel {
  readonly model?: string | null | undefined;
  readonly provider?: string | undefined;
}

/** Where a call goes, and what that costs. */
export interface Target {
  readonly provider: ModelProvider;
  readonly model: ProviderModel;
  /** `undefined` where none is known. */
  readonly price: ModelPrice | undefined;
}

/** Finds who serves a model, and its price. */
@Injectable()
export class Targets {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly prices: PriceTable,
  ) {}

  /** @throws CodedError `not_found` where nobody serves it, naming what is served. */
  find(operation: Operation, { model, provider }: WantedModel): Target {
    const found = this.registry.resolve({ operation, model: model ?? undefined, provider });
    if (found.kind !== 'found') {
      const param = found.kind === 'unknown_model' ? 'model' : 'provider';
      throw new CodedError('not_found', found.message, { param });
    }
    const { baseUrl, name } = found.provider;
    const price = this.prices.priceOf({
      provider: name,
      model: found.model.name,
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
    return { provider: found.provider, model: found.model, price };
  }
}
