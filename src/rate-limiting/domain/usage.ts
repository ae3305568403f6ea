import { type Caller } from './caller.js';
import { type ReservationId } from './ids.js';
import { type Operation, type Unit } from './operation.js';

/** `settled`: paid as counted. `expired`: its process died, paid at the estimate. `failed_after_output`: broke off after output. */
export type UsageStatus = 'settled' | 'expired' | 'failed_after_output';

/** What a call really used. */
export interface ActualUsage {
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The provider's own total where it gives one (it may count more than input and output). */
  readonly totalTokens?: number;
  readonly costNanoUsd: number;
  /** How many of the operation's things were made: images of an image call. 1 unless said. */
  readonly count?: number;
  /** No count came from the provider. */
  readonly estimated: boolean;
  readonly resourceId?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One row of the ledger: what one finished call used, forever. */
export interface UsageEntry {
  /** UUIDv7: the reservation's id, and the row's time. */
  readonly id: ReservationId;
  readonly caller: Caller;
  readonly operation: Operation;
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly calls: number;
  /** How many of the operation's own things: images, videos. */
  readonly operationCount: number;
  readonly costNanoUsd: number;
  readonly status: UsageStatus;
  readonly estimated: boolean;
  readonly softExceeded: boolean;
  readonly resourceId?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly estimatedTokens: number;
  readonly latencyMs: number;
  /** The day it is charged to in QUOTA_TIMEZONE. */
  readonly day: string;
  /** The day it is charged to in the user's own zone. */
  readonly localDay: string;
}

/** What an entry adds to a counter of each unit. */
export function unitAmountsOf(entry: {
  readonly operation: Operation;
  readonly totalTokens: number;
  readonly calls: number;
  readonly operationCount: number;
  readonly costNanoUsd: number;
}): Partial<Record<Unit, number>> {
  return {
    tokens: entry.totalTokens,
    calls: entry.calls,
    cost: entry.costNanoUsd,
    [entry.operation]: entry.operationCount,
  };
}
