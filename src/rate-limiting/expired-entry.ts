import { type Caller, type SubjectKind } from './domain/caller.js';
import { type Hold } from './domain/counters.js';
import { apiKeyId, userId } from './domain/ids.js';
import { isOperation, type Operation, type Unit } from './domain/operation.js';
import { dayAt, type Schedule } from './domain/period.js';
import { type UsageEntry } from './domain/usage.js';
import { callerOfPot } from './domain/workflow-pot.js';
import { timeOf } from './reservation-ids.js';

/** Whom a hold charges, as far as its counters tell. */
export function callerOfHold(hold: Hold): Caller {
  const id = (kind: SubjectKind) =>
    hold.counters.find(({ counter }) => counter.subject.kind === kind)?.counter.subject.id;
  const [user, key, workspaceId, pot] = [id('user'), id('apiKey'), id('workspace'), id('workflow')];
  const sessionId = id('session');
  const workflowId = pot === undefined ? undefined : callerOfPot(pot)?.workflowId;
  return {
    ...(user === undefined ? {} : { userId: userId(user) }),
    ...(key === undefined ? {} : { apiKeyId: apiKeyId(key) }),
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

/** The ledger row of a hold whose process died without one: it is charged at its estimate. */
export function expiredEntry(hold: Hold, schedule: Schedule, timeZone: string): UsageEntry {
  const atMs = timeOf(hold.id);
  const tokens = heldOf(hold, 'tokens');
  const operation = operationOf(hold);
  return {
    id: hold.id,
    caller: callerOfHold(hold),
    operation,
    provider: 'unknown',
    model: 'unknown',
    inputTokens: tokens,
    outputTokens: 0,
    totalTokens: tokens,
    calls: heldOf(hold, 'calls'),
    operationCount: heldOf(hold, operation),
    costNanoUsd: heldOf(hold, 'cost'),
    status: 'expired',
    estimated: true,
    softExceeded: false,
    metadata: {
      reason: 'The process that made this call ended before it was settled; it is charged at its estimate.',
    },
    estimatedTokens: tokens,
    latencyMs: 0,
    day: dayAt(atMs, timeZone),
    localDay: dayAt(atMs, schedule.timeZone),
  };
}

/** All counters of a call hold the same amount of a unit: it is one call. */
function heldOf(hold: Hold, unit: Unit): number {
  const amounts = hold.counters.flatMap(({ amounts }) => amounts);
  return amounts.find((held) => held.unit === unit)?.amount ?? 0;
}

function operationOf(hold: Hold): Operation {
  const units = hold.counters.flatMap(({ amounts }) => amounts.map(({ unit }) => unit));
  return units.find(isOperation) ?? 'llm_call';
}
