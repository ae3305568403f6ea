import { type PricedUsage, type TokenRates, tokensCost } from './token-rates.js';

/** What one image costs or counts, by quality and then by size: `high` → `1024x1536`; `any` for all that are not named. */
export type ImageTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The price of one model at one provider. Where nothing is known there is no `ModelPrice`, never one of zeros. */
export interface ModelPrice extends TokenRates {
  /** Dearer rates that hold for a whole call once its input passes a length; the longest input last. */
  readonly longInput?: readonly { readonly aboveInputTokens: number; readonly rates: TokenRates }[];
  /** Nano-dollars an image. */
  readonly imageNano?: ImageTable;
  /** Output tokens an image, for models that count them. */
  readonly imageTokens?: ImageTable;
  /** Nano-dollars a second of video, by size: `1280x720`; `any` for all that are not named. */
  readonly videoNano?: Readonly<Record<string, number>>;
}

/** What is asked of an image model; a size or quality of `auto`, or none, may become any the model has. */
export interface ImageRequest {
  readonly count: number;
  readonly size?: string;
  readonly quality?: string;
}

/** What is asked of a video model. */
export interface VideoLength {
  readonly seconds: number;
  /** Without one it may become any the model has. */
  readonly size?: string;
}

const ANY = 'any';

/** The rates of a call with that much input. */
export function ratesFor(price: ModelPrice, inputTokens: number): TokenRates {
  let rates: TokenRates = price;
  for (const tier of price.longInput ?? []) {
    if (inputTokens > tier.aboveInputTokens) rates = tier.rates;
  }
  return rates;
}

/** The tokens' cost in integer nano-dollars, rounded up. */
export function costOf(price: ModelPrice, usage: PricedUsage): number {
  return roundUp(tokensCost(ratesFor(price, usage.inputTokens), usage));
}

/**
 * The images' cost in integer nano-dollars, `undefined` where the model has no price for that size and quality. A model
 * that counts its images' tokens (`ProviderUsage.outputTokens` > 0) is settled by `costOf` alone, not by both.
 */
export function imageCostOf(price: ModelPrice, request: ImageRequest): number | undefined {
  const nano = imageEntry(price.imageNano, request);
  return nano === undefined ? undefined : roundUp(nano * request.count);
}

/** The output tokens that the images will count, 0 for models that count none. */
export function imageTokensOf(price: ModelPrice, request: ImageRequest): number {
  return (imageEntry(price.imageTokens, request) ?? 0) * request.count;
}

/** The video's cost in integer nano-dollars, `undefined` where the model has no price for that size. */
export function videoCostOf({ videoNano }: ModelPrice, { seconds, size }: VideoLength): number | undefined {
  const perSecond = videoNano && sizeEntries(videoNano, size);
  return perSecond && perSecond.length > 0 ? roundUp(Math.max(...perSecond) * seconds) : undefined;
}

function imageEntry(table: ImageTable | undefined, { size, quality }: ImageRequest): number | undefined {
  if (!table) return undefined;
  const bySize = isLeftToModel(quality)
    ? Object.values(table)
    : [ownValue(table, quality) ?? ownValue(table, ANY)];
  const known = bySize.flatMap((sizes) => (sizes ? sizeEntries(sizes, size) : []));
  // What is left to the model may become its dearest.
  return known.length === 0 ? undefined : Math.max(...known);
}

function sizeEntries(sizes: Readonly<Record<string, number>>, size: string | undefined): number[] {
  if (isLeftToModel(size)) return Object.values(sizes);
  const entry = ownValue(sizes, size) ?? ownValue(sizes, ANY);
  return entry === undefined ? [] : [entry];
}

/** Names come from clients: `constructor` is not a size. */
function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Whether a size or quality is left to the model. */
export function isLeftToModel(value: string | undefined): value is undefined | 'auto' {
  return value === undefined || value === 'auto';
}

function roundUp(nano: number): number {
  // A sum such as 0.1 + 0.2 must not cost a nano-dollar more than 0.3; and no cost is -0.
  return Math.max(0, Math.ceil(nano - 1e-6));
}
