import { type Amounts, type LedgerRow } from './books.js';
import { type CallRecord } from './metered-call.js';
import { type ToldLimit } from './usage-answers.js';

/** G3: every call that its client saw answered has its row, the one that was announced, and no call has two. */
export function rowsOfAnswered(calls: readonly CallRecord[], rows: readonly LedgerRow[]): string[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const missing = calls
    .filter(({ seen }) => seen === 'answered')
    .flatMap((call) => {
      const row = byId.get(call.usageId ?? '');
      if (!row) return [`${call.name} (${call.kind}) was answered and has no row ${call.usageId}`];
      // Its process lived to the last byte, so nobody may have taken it for dead.
      if (row.workflow_id === call.name && row.status === 'settled') return [];
      return [
        `${call.name} (${call.kind}) was answered and its row ${row.id} is ${row.status} of ${row.workflow_id}`,
      ];
    });
  return [
    ...missing,
    ...doubles(rows.map(({ id }) => id)),
    ...doubles(rows.flatMap((row) => row.workflow_id ?? [])),
  ];
}

/**
 * G3, G4, G11: a row that no answer speaks of is of a call that the provider really served, or the estimate of one
 * whose process died. What a living process refused cost nothing; what it delivered before the stream broke did cost.
 */
export function rowsOfOthers(
  calls: readonly CallRecord[],
  rows: readonly LedgerRow[],
  served: ReadonlySet<string>,
): string[] {
  const faults: string[] = [];
  const byName = new Map(calls.map((call) => [call.name, call]));
  const byUsageId = new Map(calls.flatMap((call) => (call.usageId ? [[call.usageId, call]] : [])));
  const rowOf = new Map<string, LedgerRow>();
  const strangers: LedgerRow[] = [];
  for (const row of rows) {
    const call = byUsageId.get(row.id) ?? byName.get(row.workflow_id ?? '');
    if (call) rowOf.set(call.name, row);
    else strangers.push(row);
  }
  for (const call of calls) faults.push(...faultOf(call, rowOf.get(call.name), served));
  return [...faults, ...faultsOfStrangers(strangers, calls, rowOf)];
}

function faultOf(call: CallRecord, row: LedgerRow | undefined, served: ReadonlySet<string>): string[] {
  const { name, kind, seen, status, life } = call;
  const what = `${name} (${kind}, seen ${seen} ${status ?? ''})`;
  const died = life.killedAt !== undefined;
  if (seen === 'answered') return [];
  if (!row) return paid(call) && !died ? [`${what} was delivered in part and has no row`] : [];
  if (row.status === 'expired') return died ? [] : [`${what} has an expired row, and its process lived`];
  if (!served.has(name)) return [`${what} has a row that is ${row.status}, and the provider never saw it`];
  return seen === 'refused' ? [`${what} has a row that is ${row.status}, and was refused`] : [];
}

/** Whether output went out to the client before the answer broke off. */
function paid({ seen, text }: CallRecord): boolean {
  return (seen === 'cut' || seen === 'left') && /"content":"[^"]|"text":"[^"]/.test(text);
}

/** A row at the estimate names its user only: there are no more of them than calls that a dead process left. */
function faultsOfStrangers(
  strangers: readonly LedgerRow[],
  calls: readonly CallRecord[],
  rowOf: ReadonlyMap<string, LedgerRow>,
): string[] {
  const left = new Map<string, number>();
  for (const { name, tenant, life, seen } of calls) {
    if (seen === 'answered' || life.killedAt === undefined || rowOf.has(name)) continue;
    left.set(tenant.userId, (left.get(tenant.userId) ?? 0) + 1);
  }
  return strangers.flatMap((row) => {
    if (row.status !== 'expired') return [`row ${row.id} is ${row.status} and of no call`];
    const calls = left.get(row.user_id) ?? 0;
    left.set(row.user_id, calls - 1);
    return calls > 0 ? [] : [`row ${row.id} is expired, and user ${row.user_id} has no call left that died`];
  });
}

/** The counters of every process say what the ledger and the adjustments do. */
export function counterDrifts(told: readonly ToldLimit[], used: Amounts): string[] {
  return told
    .filter((limit) => limit.used !== (used.get(limit.name) ?? 0))
    .map((limit) => `${limit.name}: ${limit.by} says ${limit.used}, the ledger ${used.get(limit.name) ?? 0}`);
}

/**
 * G1: no hard limit was passed. Nothing is ever taken out of the ledger, so that its end tells of every moment before;
 * where a reset began anew, what it took back stood under the same limit.
 */
export function overshoots(told: readonly ToldLimit[], takenBack: Amounts): string[] {
  const passed = told
    .filter(({ max, used, reserved }) => max > 0 && used + reserved > max)
    .map(({ name, used, reserved, max }) => `${name}: ${used} used and ${reserved} reserved of ${max}`);
  const maxima = new Map(told.map(({ name, max }) => [name, max]));
  for (const [of, amount] of takenBack) {
    const [, name = ''] = of.split(' of ');
    const max = maxima.get(name) ?? 0;
    if (max > 0 && amount > max) passed.push(`${of}: ${amount} taken back of ${max}`);
  }
  return passed;
}

function doubles(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size).map((name) => `two rows of ${name}`);
}
