import { apiKeyId, userId } from '../src/rate-limiting/domain/ids.js';
import { type UsageEntry } from '../src/rate-limiting/domain/usage.js';
import { newReservationId } from '../src/rate-limiting/reservation-ids.js';

import { type SampleCaller } from './sample-call.js';

/** The ledger row of a chat call. */
export function sampleEntry(caller: SampleCaller | undefined): UsageEntry {
  if (!caller) throw new Error('There is nobody to charge.');
  const now = Date.now();
  const day = new Date(now).toISOString().slice(0, 10);
  return {
    id: newReservationId(now),
    caller: { userId: userId(caller.userId), apiKeyId: apiKeyId(caller.apiKeyId) },
    operation: 'llm_call',
    provider: 'openai',
    model: 'gpt-4o-mini',
    inputTokens: 120,
    outputTokens: 340,
    totalTokens: 460,
    calls: 1,
    operationCount: 1,
    costNanoUsd: 222_000,
    status: 'settled',
    estimated: false,
    softExceeded: false,
    metadata: {},
    estimatedTokens: 1_120,
    latencyMs: 812,
    day,
    localDay: day,
  };
}
