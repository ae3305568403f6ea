import { z } from 'zod';

import { type ImageTable, type TokenRates } from './model-price.js';
import priceData from './prices.data.json';

const NANO_PER_USD = 1_000_000_000;

const usd = z.number().nonnegative();
const imageTable = z.record(z.string(), z.record(z.string(), usd));

const priceFile = z.strictObject({
  about: z.string(),
  date: z.iso.date(),
  sources: z.record(z.string(), z.string()),
  models: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      source: z.string(),
      note: z.string().optional(),
      tokens: z.strictObject({ input: usd, cachedInput: usd.optional(), output: usd }).optional(),
      imageUsd: imageTable.optional(),
      imageTokens: imageTable.optional(),
    }),
  ),
});

/** One entry of our own list. What it leaves out comes from the base table. */
export interface ListedPrice {
  readonly rates?: TokenRates;
  readonly imageNano?: ImageTable;
  readonly imageTokens?: ImageTable;
}

/** Our own prices by `provider/model`, out of `prices.data.json`. A malformed file stops the start. */
export function readPriceList(data: unknown = priceData): ReadonlyMap<string, ListedPrice> {
  const { models } = priceFile.parse(data);
  return new Map(
    models.map(({ provider, model, tokens, imageUsd, imageTokens }) => [
      `${provider}/${model}`,
      {
        ...(tokens && { rates: ratesOf(tokens) }),
        ...(imageUsd && { imageNano: scaled(imageUsd, NANO_PER_USD) }),
        ...(imageTokens && { imageTokens }),
      },
    ]),
  );
}

/** Dollars a million tokens → nano-dollars a token. */
export function nanoPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1e9) / 1e6;
}

/** Every entry of a table, times a factor. */
export function scaled(table: ImageTable, factor: number): ImageTable {
  return Object.fromEntries(
    Object.entries(table).map(([quality, sizes]) => [
      quality,
      Object.fromEntries(Object.entries(sizes).map(([size, value]) => [size, Math.round(value * factor)])),
    ]),
  );
}

function ratesOf(tokens: { input: number; cachedInput?: number | undefined; output: number }): TokenRates {
  return {
    inputNanoPerToken: nanoPerToken(tokens.input),
    cachedInputNanoPerToken: nanoPerToken(tokens.cachedInput ?? tokens.input),
    outputNanoPerToken: nanoPerToken(tokens.output),
  };
}
