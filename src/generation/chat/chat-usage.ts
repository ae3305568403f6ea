import { costOf } from '../../pricing/index.js';
import { type ProviderUsage } from '../../providers/index.js';
import { type ActualUsage } from '../../rate-limiting/index.js';

import { type ChatTarget } from './chat-call.js';

/** What a text call used: the provider's count wins, an explicit zero too; else the input as counted and the output as delivered. */
export function chatUsage(
  target: ChatTarget,
  counted: ProviderUsage | undefined,
  delivered: { readonly tokens: () => number; readonly resourceId: string | undefined },
): ActualUsage {
  const usage = counted ?? {
    inputTokens: target.inputTokens,
    cachedInputTokens: 0,
    outputTokens: delivered.tokens(),
  };
  return {
    provider: target.provider.name,
    model: target.model.name,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    ...(counted && {
      totalTokens: Math.max(counted.totalTokens, counted.inputTokens + counted.outputTokens),
    }),
    costNanoUsd: target.price ? costOf(target.price, usage) : 0,
    estimated: counted === undefined,
    ...(delivered.resourceId !== undefined && madeThing(target, delivered.resourceId)),
  };
}

/** Only the account that made it knows it: where that is not the operator's, the row says whose key it was. */
function madeThing({ ownKey }: ChatTarget, resourceId: string): Pick<ActualUsage, 'resourceId' | 'metadata'> {
  return { resourceId, ...(ownKey && { metadata: { providerKeyId: ownKey.id } }) };
}
