import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { isRecord } from '../json-object.js';

import { type ImageTable } from './model-price.js';
import priceData from './prices.data.json';
import { type ByKind, byKind, type KindRates } from './token-rates.js';

const NANO_PER_USD = 1_000_000_000;

/** Dearer is a slip of the pen; and much dearer could not be counted in whole nano-dollars. */
const MOST_USD = 1_000_000;

const usd = z.number().nonnegative().max(MOST_USD);
const tokenPrices = z.strictObject({ input: usd, cachedInput: usd.optional(), output: usd });
const imageTable = z.record(z.string(), z.record(z.string(), usd));

const listedModel = z.strictObject({
  /** As in the settings: in lower case. */
  provider: z.string().trim().toLowerCase().min(1),
  model: z.string().min(1),
  source: z.string().optional(),
  note: z.string().optional(),
  tokens: tokenPrices.extend({ audio: tokenPrices.optional(), image: tokenPrices.optional() }).optional(),
  imageUsd: imageTable.optional(),
  imageTokens: imageTable.optional(),
  videoUsdPerSecond: z.record(z.string(), usd).optional(),
});

const PRICES = ['tokens', 'imageUsd', 'imageTokens', 'videoUsdPerSecond'] as const;

/** An entry replaces another: one without a price, or a second one, would take a price away unseen. */
function eachHasItsPrice(models: readonly z.output<typeof listedModel>[], context: z.RefinementCtx): void {
  const seen = new Map<string, number>();
  for (const [at, listed] of models.entries()) {
    const fault = (message: string) => {
      context.addIssue({ code: 'custom', path: [at], message });
    };
    if (PRICES.every((price) => listed[price] === undefined))
      fault(`no price: it takes ${PRICES.join(', ')}`);
    const first = seen.get(keyOf(listed));
    if (first !== undefined) fault(`listed already, as models.${first}`);
    else seen.set(keyOf(listed), at);
  }
}

/** Our own file says where each price is from and as of when. */
const priceFile = z.strictObject({
  about: z.string(),
  date: z.iso.date(),
  sources: z.record(z.string(), z.string()),
  models: z.array(listedModel.required({ source: true })).superRefine(eachHasItsPrice),
});

/** The operator's need not. */
const operatorsFile = priceFile
  .partial()
  .extend({ models: z.array(listedModel).superRefine(eachHasItsPrice) });

type ListedModel = z.output<typeof listedModel>;
type ListedTokens = NonNullable<ListedModel['tokens']>;

/** One entry of our own list. What it leaves out comes from the base table. */
export interface ListedPrice {
  readonly rates?: KindRates;
  /** The kinds that it charges apart from text. */
  readonly apart?: ByKind<KindRates>;
  readonly imageNano?: ImageTable;
  readonly imageTokens?: ImageTable;
  readonly videoNano?: Readonly<Record<string, number>>;
}

/** Our own prices by `provider/model`, out of `prices.data.json`. A malformed file stops the start. */
export function readPriceList(data: unknown = priceData): ReadonlyMap<string, ListedPrice> {
  return byModel(priceFile.parse(data).models);
}

/**
 * Our own prices with those of the operator's file (`PRICES_FILE`) over them, model by model.
 * @throws Error that names the file and every fault in it.
 */
export function readPrices(path: string | undefined): ReadonlyMap<string, ListedPrice> {
  const ours = readPriceList();
  if (path === undefined) return ours;
  const data = jsonOf(path);
  const parsed = operatorsFile.safeParse(data);
  if (parsed.success) return new Map([...ours, ...byModel(parsed.data.models)]);
  const faults = parsed.error.issues.map(
    ({ path: place, message }) => `${place.join('.') || 'the file'}: ${message}${namedAt(data, place)}`,
  );
  throw new Error(`PRICES_FILE ${path} is not a price list: ${faults.join('; ')}.`);
}

/** Which model a fault is in, for who does not count. */
function namedAt(data: unknown, [list, index]: readonly PropertyKey[]): string {
  if (list !== 'models' || typeof index !== 'number' || !isRecord(data)) return '';
  const listed: unknown = Array.isArray(data.models) ? data.models[index] : undefined;
  return isRecord(listed) ? ` (${String(listed.provider)}/${String(listed.model)})` : '';
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    throw new Error(`PRICES_FILE ${path} cannot be read: ${fault}.`, { cause: error });
  }
}

function byModel(models: readonly ListedModel[]): ReadonlyMap<string, ListedPrice> {
  return new Map(models.map((listed) => [keyOf(listed), priceOf(listed)]));
}

function keyOf({ provider, model }: Pick<ListedModel, 'provider' | 'model'>): string {
  return `${provider}/${model}`;
}

function priceOf({ tokens, imageUsd, imageTokens, videoUsdPerSecond }: ListedModel): ListedPrice {
  const videoNano = videoUsdPerSecond && scaled({ any: videoUsdPerSecond }, NANO_PER_USD).any;
  return {
    ...(tokens && { rates: ratesOf(tokens), apart: apartOf(tokens) }),
    ...(imageUsd && { imageNano: scaled(imageUsd, NANO_PER_USD) }),
    ...(imageTokens && { imageTokens }),
    ...(videoNano && { videoNano }),
  };
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

function apartOf(tokens: ListedTokens): ByKind<KindRates> {
  return byKind((kind) => {
    const prices = tokens[kind];
    return prices && ratesOf(prices);
  });
}

/** Dollars a million tokens of one kind → nano-dollars a token. What is cached costs what is not, unless it says so. */
export function ratesOf({ input, cachedInput, output }: z.output<typeof tokenPrices>): KindRates {
  return {
    inputNanoPerToken: nanoPerToken(input),
    cachedInputNanoPerToken: nanoPerToken(cachedInput ?? input),
    outputNanoPerToken: nanoPerToken(output),
  };
}
