import { apiKeyId, reservationId, userId } from '../domain/ids.js';
import { type Operation } from '../domain/operation.js';
import { type Caller } from '../domain/caller.js';
import { type UsageEntry, type UsageStatus } from '../domain/usage.js';

/** A row of `find-usage.sql`. */
export interface StoredUsage {
  readonly id: string;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
  readonly workspace_id: string | null;
  readonly workflow_id: string | null;
  readonly session_id: string | null;
  readonly operation: Operation;
  readonly provider: string;
  readonly model: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  readonly calls: number;
  readonly operation_count: number;
  readonly cost_nano_usd: number;
  readonly status: UsageStatus;
  readonly estimated: boolean;
  readonly soft_exceeded: boolean;
  readonly resource_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly estimated_tokens: number;
  readonly latency_ms: number;
  readonly day: string;
  readonly local_day: string;
}

/** The entry that a row of the ledger was made from. */
export function entryOf(row: StoredUsage): UsageEntry {
  return {
    id: reservationId(row.id),
    caller: callerOf(row),
    operation: row.operation,
    provider: row.provider,
    model: row.model,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    totalTokens: row.total_tokens,
    calls: row.calls,
    operationCount: row.operation_count,
    costNanoUsd: row.cost_nano_usd,
    status: row.status,
    estimated: row.estimated,
    softExceeded: row.soft_exceeded,
    ...(row.resource_id === null ? {} : { resourceId: row.resource_id }),
    metadata: row.metadata,
    estimatedTokens: row.estimated_tokens,
    latencyMs: row.latency_ms,
    day: row.day,
    localDay: row.local_day,
  };
}

function callerOf(row: StoredUsage): Caller {
  return {
    ...(row.user_id === null ? {} : { userId: userId(row.user_id) }),
    ...(row.api_key_id === null ? {} : { apiKeyId: apiKeyId(row.api_key_id) }),
    ...(row.workspace_id === null ? {} : { workspaceId: row.workspace_id }),
    ...(row.workflow_id === null ? {} : { workflowId: row.workflow_id }),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  };
}
