import { CodedError } from '../../errors.js';
import { type UsageEntry } from '../domain/usage.js';
import { timeOf } from '../reservation-ids.js';

import { arrayLiteral, type ArrayElement } from './array-literal.js';

/** An entry as the parameters of `record-usage.sql` want it, one value a column, in that file's order. */
export type UsageRow = readonly ArrayElement[];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** An escaped backslash is matched too, so that what follows it is not taken for an escape. */
const ESCAPES = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/gi;
const REPLACEMENT = '\ufffd';

/**
 * The row of an entry. What Postgres holds in no text (NUL, half a surrogate pair) becomes U+FFFD: a model's odd
 * output must not cost the row.
 * @param writeToken the mark of the call that writes it.
 * @throws CodedError `internal_error` for an id that is no UUID, or metadata that is no JSON.
 */
export function usageRowOf(entry: UsageEntry, writeToken: number): UsageRow {
  if (!UUID.test(entry.id)) {
    throw new CodedError(
      'internal_error',
      `"${entry.id}" cannot be a ledger row's id: it must be a UUIDv7 in lower case.`,
    );
  }
  const { caller } = entry;
  return [
    entry.id,
    timeOf(entry.id),
    clean(caller.userId),
    clean(caller.apiKeyId),
    clean(caller.workspaceId),
    clean(caller.workflowId),
    clean(caller.sessionId),
    entry.operation,
    clean(entry.provider),
    clean(entry.model),
    entry.inputTokens,
    entry.outputTokens,
    entry.totalTokens,
    entry.calls,
    entry.operationCount,
    entry.costNanoUsd,
    entry.status,
    entry.estimated,
    entry.softExceeded,
    clean(entry.resourceId),
    metadataJson(entry),
    entry.estimatedTokens,
    entry.latencyMs,
    entry.day,
    entry.localDay,
    writeToken,
  ];
}

/** A batch's rows as one array a column: the parameters of one statement. */
export function columnsOf(rows: readonly UsageRow[]): string[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, column) => arrayLiteral(rows.map((row) => row[column] ?? null)));
}

function clean(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.includes('\0') ? text.replaceAll('\0', REPLACEMENT) : text;
}

function metadataJson({ id, metadata }: UsageEntry): string {
  try {
    const json = JSON.stringify(metadata);
    if (!json.includes('\\u')) return json;
    return json.replace(ESCAPES, (escape) => (escape === '\\\\' ? escape : REPLACEMENT));
  } catch (error) {
    throw new CodedError(
      'internal_error',
      `The metadata of call ${id} cannot be written as JSON.`,
      {},
      { cause: error },
    );
  }
}
