import { type Sql, type SqlPool } from '../../database/index.js';
import { type Subject, type SubjectKind } from '../domain/caller.js';
import { type UnitAmounts } from '../domain/counters.js';
import { type CounterWindow } from '../domain/limit.js';
import { isOperation } from '../domain/operation.js';
import { addDays } from '../domain/period.js';

import { sqlFile } from './sql-file.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const BY_USER = sqlFile('used-by-local-days', { subject: 'user_id', kind: 'user' });
const BY_API_KEY = sqlFile('used-by-local-days', { subject: 'api_key_id', kind: 'apiKey' });
const BY_SESSION = sqlFile('used-by-session');
const BY_ALL = sqlFile('used-by-all');

type SubjectOfSome = { readonly kind: Exclude<SubjectKind, 'system'>; readonly id: string };

interface OperationSum {
  readonly operation: string;
  readonly calls: number;
  readonly operation_count: number;
  readonly total_tokens: number;
  readonly cost_nano_usd: number;
}

/** What subjects used in a month, a session or a stretch of time, less what resets took back: fills cold counters. */
export class UsedStore {
  constructor(private readonly pool: SqlPool) {}

  /** Every unit that was used at all; of everybody together the cost alone. A call counts where it was reserved. */
  async usedIn(subject: Subject, window: CounterWindow): Promise<UnitAmounts> {
    const { kind, id } = subject;
    return kind === 'system' ? this.costOfAll(window) : amountsOf(await this.sumsOf({ kind, id }, window));
  }

  private sumsOf(subject: SubjectOfSome, window: CounterWindow): Promise<OperationSum[]> {
    switch (subject.kind) {
      case 'user':
        return this.byMonth(BY_USER, subject.id, window);
      case 'apiKey':
        return this.byMonth(BY_API_KEY, subject.id, window);
      case 'workspace':
      case 'workflow':
        throw new Error(`A ${subject.kind} has rolling windows only, and ${window.name} is none.`);
      case 'session':
        return this.pool.query<OperationSum>(BY_SESSION, [subject.id, window.startsAtMs, window.resetsAtMs]);
    }
  }

  private byMonth(sql: Sql, id: string, window: CounterWindow): Promise<OperationSum[]> {
    return this.pool.query<OperationSum>(sql, [id, window.name, endDayOf(window)]);
  }

  private async costOfAll({ startsAtMs, resetsAtMs }: CounterWindow): Promise<UnitAmounts> {
    const firstMinuteMs = Math.ceil(startsAtMs / MINUTE_MS) * MINUTE_MS;
    const ids = [leastIdAt(startsAtMs), leastIdAt(firstMinuteMs)];
    const values = [...ids, startsAtMs, firstMinuteMs, resetsAtMs];
    const [sum] = await this.pool.query<{ cost_nano_usd: number }>(BY_ALL, values);
    return { cost: sum?.cost_nano_usd ?? 0 };
  }
}

/**
 * The first day past a month. The window's ends are midnights of one zone, so that the days between them are whole but
 * for a change of the clocks.
 */
export function endDayOf({ name, startsAtMs, resetsAtMs }: CounterWindow): string {
  return addDays(name, Math.round((resetsAtMs - startsAtMs) / DAY_MS));
}

/** Not above any UUIDv7 that carries this instant or a later one. */
function leastIdAt(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function amountsOf(sums: readonly OperationSum[]): UnitAmounts {
  const total = { tokens: 0, calls: 0, cost: 0 };
  const counts: UnitAmounts = {};
  for (const sum of sums) {
    total.tokens += sum.total_tokens;
    total.calls += sum.calls;
    total.cost += sum.cost_nano_usd;
    if (isOperation(sum.operation)) counts[sum.operation] = sum.operation_count;
  }
  return { ...total, ...counts };
}
