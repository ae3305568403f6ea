/** What tokens of one kind cost, in nano-dollars each; may be fractions. */
export interface KindRates {
  readonly inputNanoPerToken: number;
  readonly cachedInputNanoPerToken: number;
  readonly outputNanoPerToken: number;
}

/** The kinds of tokens that some models charge apart from text. */
export const OTHER_KINDS = ['audio', 'image'] as const;
export type OtherKind = (typeof OTHER_KINDS)[number];
export type ByKind<Value> = Readonly<Partial<Record<OtherKind, Value>>>;

/** What there is of each kind. */
export function byKind<Value>(of: (kind: OtherKind) => Value | undefined): ByKind<Value> {
  const [audio, image] = [of('audio'), of('image')];
  return { ...(audio !== undefined && { audio }), ...(image !== undefined && { image }) };
}

/** What a model's tokens cost: its text, and every other kind that has no rates of its own in `apart`. */
export interface TokenRates extends KindRates {
  readonly apart?: ByKind<KindRates>;
}

/** `cachedInputTokens` are part of `inputTokens`. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly cachedInputTokens?: number;
  readonly outputTokens: number;
}

/** Tokens of a call, of all kinds together; `apart` says how many of them are no text. */
export interface PricedUsage extends TokenCounts {
  readonly apart?: ByKind<TokenCounts>;
}

/** The dearest of each rate: what a token costs at the most, whichever kind it turns out to be. */
export function dearestRates({ apart = {}, ...text }: TokenRates): KindRates {
  return OTHER_KINDS.reduce<KindRates>((most, kind) => dearerOf(most, apart[kind] ?? most), text);
}

/** For each of two rates the dearer one. */
export function dearerOf(one: KindRates, other: KindRates): KindRates {
  return {
    inputNanoPerToken: Math.max(one.inputNanoPerToken, other.inputNanoPerToken),
    cachedInputNanoPerToken: Math.max(one.cachedInputNanoPerToken, other.cachedInputNanoPerToken),
    outputNanoPerToken: Math.max(one.outputNanoPerToken, other.outputNanoPerToken),
  };
}

/** What the tokens cost in nano-dollars, not rounded. Parts that come to more than the whole count up to the whole. */
export function tokensCost(rates: TokenRates, usage: PricedUsage): number {
  let rest = wholeOf(usage);
  let cost = 0;
  for (const kind of OTHER_KINDS) {
    const part = usage.apart?.[kind];
    if (!part) continue;
    const counts = wholeOf({
      inputTokens: Math.min(part.inputTokens, rest.inputTokens),
      cachedInputTokens: Math.min(part.cachedInputTokens ?? 0, rest.cachedInputTokens),
      outputTokens: Math.min(part.outputTokens, rest.outputTokens),
    });
    cost += costAt(rates.apart?.[kind] ?? rates, counts);
    rest = wholeOf({
      inputTokens: rest.inputTokens - counts.inputTokens,
      cachedInputTokens: rest.cachedInputTokens - counts.cachedInputTokens,
      outputTokens: rest.outputTokens - counts.outputTokens,
    });
  }
  return cost + costAt(rates, rest);
}

function wholeOf({ inputTokens, cachedInputTokens = 0, outputTokens }: TokenCounts): Required<TokenCounts> {
  return { inputTokens, cachedInputTokens: Math.min(cachedInputTokens, inputTokens), outputTokens };
}

function costAt(rates: KindRates, counts: Required<TokenCounts>): number {
  return (
    (counts.inputTokens - counts.cachedInputTokens) * rates.inputNanoPerToken +
    counts.cachedInputTokens * rates.cachedInputNanoPerToken +
    counts.outputTokens * rates.outputNanoPerToken
  );
}
