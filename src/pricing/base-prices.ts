import {
  calcPrice,
  findProvider,
  type ModelPrice as BasePrice,
  type TieredPrices,
} from '@pydantic/genai-prices';

import { type ModelPrice } from './model-price.js';
import { nanoPerToken, ratesOf } from './price-list.js';
import { byKind, type KindRates, type TokenRates } from './token-rates.js';

const MAKERS: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-(?!oss)|chatgpt-|o\d(-|$)|text-embedding-|dall-e-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'google'],
  [/^grok-/, 'x-ai'],
];

const TOKEN_PRICES = [
  'input_mtok',
  'cache_read_mtok',
  'output_mtok',
  'input_audio_mtok',
  'cache_audio_read_mtok',
  'output_audio_mtok',
] as const;

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
  for (const price of TOKEN_PRICES.map((name) => base[name])) {
    if (typeof price === 'object') price.tiers.forEach((tier) => starts.add(tier.start));
  }
  const rates = ratesAt(model, base, 0);
  if (!rates) return undefined;
  const longInput = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInputTokens: start, rates: ratesAt(model, base, start + 1) ?? rates }));
  return longInput.length > 0 ? { ...rates, longInput } : rates;
}

type PriceAt = (price: number | TieredPrices | undefined) => number | undefined;

/** Dollars a million tokens of one kind, as far as they are named. */
interface NamedUsd {
  readonly input: number | undefined;
  readonly cachedInput: number | undefined;
  readonly output: number | undefined;
}

function ratesAt(model: string, base: BasePrice, inputTokens: number): TokenRates | undefined {
  const at: PriceAt = (price) => priceAt(price, inputTokens);
  const input = at(base.input_mtok);
  const output = outputUsd(model, base, at);
  if (input === undefined || output === undefined) return undefined;
  const text = ratesOf({ input, cachedInput: at(base.cache_read_mtok) ?? input, output });
  return {
    ...text,
    apart: byKind((kind) =>
      apartOf(
        {
          input: at(base[`input_${kind}_mtok`]),
          cachedInput: at(base[`cache_${kind}_read_mtok`]),
          output: at(base[`output_${kind}_mtok`]),
        },
        text,
      ),
    ),
  };
}

/** What is charged apart; nothing where the table names no price of it. A rate that it does not name is the text's. */
function apartOf({ input, cachedInput, output }: NamedUsd, text: KindRates): KindRates | undefined {
  if (input === undefined && output === undefined) return undefined;
  // Without a price of its own what is cached costs what is not.
  const cached = cachedInput ?? input;
  return {
    inputNanoPerToken: input === undefined ? text.inputNanoPerToken : nanoPerToken(input),
    cachedInputNanoPerToken: cached === undefined ? text.cachedInputNanoPerToken : nanoPerToken(cached),
    outputNanoPerToken: output === undefined ? text.outputNanoPerToken : nanoPerToken(output),
  };
}

function outputUsd(model: string, base: BasePrice, at: PriceAt): number | undefined {
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
