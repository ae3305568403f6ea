import { type ByKind, byKind, type TokenCounts } from '../../pricing/index.js';
import { objectAt, type ProviderUsage, tokenCountOf, type WireObject } from '../../providers/index.js';

/** What was delivered, in tokens as estimated. */
export interface Delivered {
  readonly tokens: number;
  /** How many of them were sound. */
  readonly soundTokens: number;
}

/** What a response used, as its session knows it where the provider does not say. */
export interface KnownOfResponse {
  readonly inputTokens: number;
  readonly delivered: Delivered;
  /** Whether what it read may be sound. */
  readonly hadSound: boolean;
}

/** What a provider counted of a response; `undefined` where it gave no whole count. */
export function realtimeUsage(response: WireObject | undefined): ProviderUsage | undefined {
  const usage = objectAt(response, 'usage');
  const input = tokenCountOf(usage?.input_tokens);
  const output = tokenCountOf(usage?.output_tokens);
  if (!usage || input === undefined || output === undefined) return undefined;
  const cached = tokenCountOf(objectAt(usage, 'input_token_details')?.cached_tokens) ?? 0;
  const total = Math.max(input + output, tokenCountOf(usage.total_tokens) ?? 0);
  const apart = apartOf(usage, output);
  return {
    inputTokens: input,
    cachedInputTokens: Math.min(cached, input),
    outputTokens: output,
    totalTokens: total,
    ...(apart && { apart }),
  };
}

/**
 * What a response is paid for: the provider's count, else what it delivered. Where the provider does not say what was
 * sound, that is what was delivered so, and all of the input once there was any sound in the session.
 */
export function usageToPay(counted: ProviderUsage | undefined, known: KnownOfResponse): ProviderUsage {
  const outputTokens = Math.ceil(known.delivered.tokens);
  const { inputTokens } = known;
  const usage = counted ?? {
    inputTokens,
    cachedInputTokens: 0,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
  };
  if (usage.apart) return usage;
  const audio = {
    inputTokens: known.hadSound ? usage.inputTokens : 0,
    cachedInputTokens: known.hadSound ? usage.cachedInputTokens : 0,
    outputTokens: Math.ceil(known.delivered.soundTokens),
  };
  return { ...usage, apart: { audio } };
}

/** What the provider says is no text; `undefined` where it does not say of what kind its tokens are. */
function apartOf(usage: WireObject, outputTokens: number): ByKind<TokenCounts> | undefined {
  const input = objectAt(usage, 'input_token_details');
  const output = objectAt(usage, 'output_token_details');
  if (!tellsKinds(input) || !(tellsKinds(output) || outputTokens === 0)) return undefined;
  // Where it does not say what was cached, that was text: whoever caches sound saves far more.
  const cached = objectAt(input, 'cached_tokens_details');
  return byKind((kind) => ({
    inputTokens: tokenCountOf(input?.[`${kind}_tokens`]) ?? 0,
    cachedInputTokens: tokenCountOf(cached?.[`${kind}_tokens`]) ?? 0,
    outputTokens: tokenCountOf(output?.[`${kind}_tokens`]) ?? 0,
  }));
}

function tellsKinds(details: WireObject | undefined): boolean {
  return (
    tokenCountOf(details?.text_tokens) !== undefined || tokenCountOf(details?.audio_tokens) !== undefined
  );
}
