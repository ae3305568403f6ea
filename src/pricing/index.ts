/** What models cost, and how many tokens a request is. */
export {
  costOf,
  imageCostOf,
  type ImageRequest,
  isLeftToModel,
  type ImageTable,
  imageTokensOf,
  type ModelPrice,
  ratesFor,
  videoCostOf,
  type VideoLength,
} from './model-price.js';
export { byKind, type ByKind, dearestRates, type PricedUsage, type TokenCounts } from './token-rates.js';
export { type PriceQuery, PriceTable } from './price-table.js';
export { PricingModule } from './pricing.module.js';
export {
  countChatInput,
  countEmbeddingInput,
  countImageInput,
  countResponsesInput,
  countText,
  type WireBody,
} from './token-count.js';
