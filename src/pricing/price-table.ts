import { type Clock } from '../rate-limiting/index.js';
import { baseEntry, baseProviderId, makerOf } from './base-prices.js';
import { type ModelPrice } from './model-price.js';
import { type ListedPrice, readPriceList, scaled } from './price-list.js';
import { type ByKind, byKind, dearerOf, type KindRates, type TokenRates } from './token-rates.js';

/** A model at one of our configured providers. */
export interface PriceQuery {
  /** The provider's name in the settings: `openai`, `gemini`, `groq`, `xai` … */
  readonly provider: string;
  /** The name the provider knows the model by. */
  readonly model: string;
  /** Tells a provider of an unknown name by the server it speaks to. */
  readonly baseUrl?: string;
}

interface Remembered {
  readonly price: ModelPrice | undefined;
  readonly untilMs: number;
}

/** Some providers are cheaper at night: a price is looked up again each minute. */
const REMEMBER_MS = 60_000;
const REMEMBER_MAX = 1000;

/**
 * What models cost: the operator's list (`PRICES_FILE`) before our own (`prices.data.json`), and that before the table of `@pydantic/genai-prices`. Dated names, such
 * as `gpt-5-2025-08-07`, are matched to their model as that package matches them.
 */
export class PriceTable {
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    private readonly clock: Clock,
    private readonly list: ReadonlyMap<string, ListedPrice> = readPriceList(),
  ) {}

  /** The price of a model; `undefined` where none is known, never zero. */
  priceOf(query: PriceQuery): ModelPrice | undefined {
    const key = JSON.stringify([query.provider, query.model, query.baseUrl]);
    const now = this.clock.now();
    const known = this.remembered.get(key);
    if (known && now < known.untilMs) return known.price;
    const price = this.lookUp(query, now);
    if (this.remembered.size >= REMEMBER_MAX) this.remembered.clear();
    this.remembered.set(key, { price, untilMs: now + REMEMBER_MS });
    return price;
  }

  private lookUp({ provider, model, baseUrl }: PriceQuery, now: number): ModelPrice | undefined {
    const exact = this.list.get(`${provider}/${model}`);
    const providerId = baseProviderId(provider, baseUrl) ?? makerOf(model);
    if (providerId === undefined) return exact && merge(exact, undefined);
    const base = baseEntry(providerId, model, new Date(now));
    const listed =
      exact ??
      this.list.get(`${providerId}/${model}`) ??
      (base && this.list.get(`${base.provider}/${base.model}`));
    return listed ? merge(listed, base?.price) : base?.price;
  }
}

/** Only images or only video: its tokens cost nothing, since there is nothing else to pay for. */
const NO_TOKENS: TokenRates = { inputNanoPerToken: 0, cachedInputNanoPerToken: 0, outputNanoPerToken: 0 };

function merge(listed: ListedPrice, base: ModelPrice | undefined): ModelPrice | undefined {
  const { imageNano, imageTokens, videoNano } = listed;
  const tokens = ownTokens(listed, base) ?? base ?? (imageNano || videoNano ? NO_TOKENS : undefined);
  if (!tokens) return undefined;
  const images = imageNano ?? (imageTokens && scaled(imageTokens, tokens.outputNanoPerToken));
  return {
    ...tokens,
    ...(images && { imageNano: images }),
    ...(imageTokens && { imageTokens }),
    ...(videoNano && { videoNano }),
  };
}

function ownTokens({ rates, apart }: ListedPrice, base: ModelPrice | undefined): TokenRates | undefined {
  return rates && { ...rates, apart: apartOf(rates, apart, base?.apart) };
}

/** Where a list says nothing of a kind, that costs what its text does, or what the base table says where that is more. */
function apartOf(
  text: KindRates,
  listed: ByKind<KindRates> = {},
  base: ByKind<KindRates> = {},
): ByKind<KindRates> {
  return byKind((kind) => {
    const known = base[kind];
    return listed[kind] ?? (known && dearerOf(text, known));
  });
}
