import { Injectable } from '@nestjs/common';

import { type ModelPrice, PriceTable } from '../pricing/index.js';
import { type Candidate, priceAt, ProviderRouter } from '../providers/index.js';
import { type Operation } from '../rate-limiting/index.js';

/** What a caller asks to be served by. */
export interface WantedModel {
  readonly model?: string | null | undefined;
  readonly provider?: string | undefined;
}

/** Where a call may go, and what that costs. */
export interface Target extends Candidate {
  /** `undefined` where none is known. */
  readonly price: ModelPrice | undefined;
}

/** At least one: a call that nobody serves is refused before it is one. */
export type OneOrMore<T> = readonly [T, ...T[]];

/** Finds who serves a model, and its price there. */
@Injectable()
export class Targets {
  constructor(
    private readonly router: ProviderRouter,
    private readonly prices: PriceTable,
  ) {}

  /**
   * Everyone who may answer, each with what a call needs to know there.
   * @throws CodedError `not_found` where nobody serves it, naming what is served.
   */
  async all<Known extends Target>(
    operation: Operation,
    { model, provider }: WantedModel,
    known: (target: Target) => Known,
  ): Promise<OneOrMore<Known>> {
    const wanted = { operation, model: model ?? undefined, provider };
    const [first, ...others] = await this.router.candidates(wanted);
    const priced = (candidate: Candidate) => known({ ...candidate, price: priceAt(this.prices, candidate) });
    return [priced(first), ...others.map(priced)];
  }
}
