import { costOf, imageCostOf, type ModelPrice, type PriceTable, videoCostOf } from '../../pricing/index.js';
import { type Operation } from '../../rate-limiting/index.js';
import { type Candidate } from '../provider-registry.js';

/** A call of which nothing is known but its operation, to compare prices by. */
const USUAL_TOKENS = { inputTokens: 1_000, outputTokens: 1_000 };
const USUAL_SECONDS = 8;

/** The price of a candidate's model; `undefined` where none is known. */
export function priceAt(prices: PriceTable, { provider, model }: Candidate): ModelPrice | undefined {
  const { name, baseUrl } = provider;
  return prices.priceOf({ provider: name, model: model.name, ...(baseUrl !== undefined && { baseUrl }) });
}

/** What an ordinary call of an operation costs at a candidate, in nano-dollars; `undefined` where that is not known. */
export function usualCost(prices: PriceTable, route: Candidate, operation: Operation): number | undefined {
  const price = priceAt(prices, route);
  if (!price) return undefined;
  switch (operation) {
    case 'image_generation':
      return imageCostOf(price, { count: 1 });
    case 'embedding':
      return costOf(price, { ...USUAL_TOKENS, outputTokens: 0 });
    case 'llm_call':
    case 'script_generation':
      return costOf(price, USUAL_TOKENS);
    case 'video_generation':
      return videoCostOf(price, { seconds: USUAL_SECONDS });
  }
}
