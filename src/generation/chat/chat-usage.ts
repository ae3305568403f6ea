import { costOf } from '../../pricing/index.js';
import { type ProviderUsage } from '../../providers/index.js';
import { type ActualUsage } from '../../rate-limiting/index.js';

import { type ChatCall } from './chat-call.js';

/** What a chat used: the provider's count wins, an explicit zero too; else the input as counted and the output as delivered. */
export function chatUsage(
  call: ChatCall,
  counted: ProviderUsage | undefined,
  delivered: () => number,
): ActualUsage {
  const usage = counted ?? { inputTokens: call.inputTokens, cachedInputTokens: 0, outputTokens: delivered() };
  return {
    provider: call.provider.name,
    model: call.model.name,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    ...(counted && {
      totalTokens: Math.max(counted.totalTokens, counted.inputTokens + counted.outputTokens),
    }),
    costNanoUsd: call.price ? costOf(call.price, usage) : 0,
    estimated: counted === undefined,
  };
}
