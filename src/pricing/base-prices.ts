import {
  calcPrice,
  findProvider,
  type ModelPrice as BasePrice,
  type TieredPrices,
} from '@pydantic/genai-prices';

import { type ModelPrice, type TokenRates } from './model-price.js';
import { nanoPerToken } from './price-list.js';

const MAKERS: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-(?!oss)|chatgpt-|o\d(-|$)|text-embedding-|dall-e-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'google'],
  [/^grok-/, 'x-ai'],
];

/** A model as the base table knows it: dated names are matched to the model they are a date of. */
export interface BaseEntry {
  readonly provider: string;
  readonly model: string;
  readonly price: ModelPrice | undefined;
}

/** The base table's provider of that name, else of that base URL; `undefined` where it knows neither. */
export function baseProviderId(provider: string, baseUrl?: string): string | undefined {
  const byName = findProvider({ providerId: provider });
  return (byName ?? (baseUrl === undefined ? undefined : findProvider({ providerApiUrl: baseUrl })))?.id;
}

/**
 * The maker of a model that nobody else can run: whoever passes it on, it costs what its maker asks. Open models cost
 * what their host asks, and of an unknown host nobody knows.
 */
export function makerOf(model: string): string | undefined {
  return MAKERS.find(([pattern]) => pattern.test(model))?.[1];
}

/** What `@pydantic/genai-prices` says of a model at an instant (some prices depend on the date or the hour). */
export function baseEntry(providerId: string, model: string, at: Date): BaseEntry | undefined {
  const found = calcPrice({}, model, { providerId, timestamp: at });
  if (!found) return undefined;
  return {
    provider: found.provider.id,
    model: found.model.id,
    price: toModelPrice(found.model.id, found.model_price),
  };
}

function toModelPrice(model: string, base: BasePrice): ModelPrice | undefined {
  const starts = new Set<number>();
  for (const price of [base.input_mtok, base.cache_read_mtok, base.output_mtok]) {
    if (typeof price === 'object') price.tiers.forEach((tier) => starts.add(tier.start));
  }
  const rates = ratesAt(model, base, 0);
  if (!rates) return undefined;
  const longInput = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInputTokens: start, rates: ratesAt(model, base, start + 1) ?? rates }));
  return longInput.length > 0 ? { ...rates, longInput } : rates;
}

function ratesAt(model: string, base: BasePrice, inputTokens: number): TokenRates | undefined {
  const at = (price: number | TieredPrices | undefined): number | undefined => priceAt(price, inputTokens);
  const input = at(base.input_mtok);
  const output = outputUsd(model, base, at);
  if (input === undefined || output === undefined) return undefined;
  return {
    inputNanoPerToken: nanoPerToken(input),
    cachedInputNanoPerToken: nanoPerToken(at(base.cache_read_mtok) ?? input),
    outputNanoPerToken: nanoPerToken(output),
  };
}

function outputUsd(
  model: string,
  base: BasePrice,
  at: (price: number | TieredPrices | undefined) => number | undefined,
): number | undefined {
  const output = at(base.output_mtok);
  // An embedding has no output tokens; of any other model a missing price is an unknown one.
  if (output === undefined) return model.includes('embed') ? 0 : undefined;
  // Image models answer with image tokens, which cost more than their text.
  return model.includes('image') ? Math.max(output, at(base.output_image_mtok) ?? 0) : output;
}

function priceAt(price: number | TieredPrices | undefined, inputTokens: number): number | undefined {
  if (typeof price !== 'object') return price;
  let current = price.base;
  for (const tier of price.tiers) if (inputTokens > tier.start) current = tier.price;
  return current;
}
