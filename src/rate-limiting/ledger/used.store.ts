import { type Sql, type SqlPool } from '../../database/index.js';
import { type Subject, type SubjectKind } from '../domain/caller.js';
import { type UnitAmounts } from '../domain/counters.js';
import { type CounterWindow } from '../domain/limit.js';
import { isOperation } from '../domain/operation.js';
import { dayAt } from '../domain/period.js';

import { sqlFile } from './sql-file.js';

const DAY_MS = 86_400_000;
const BY_USER = daysOf('user_id', 'user');
const BY_API_KEY = daysOf('api_key_id', 'apiKey');
const BY_WORKSPACE = daysOf('workspace_id', 'workspace');
const BY_WORKFLOW = daysOf('workflow_id', 'workflow');
const BY_SESSION = sqlFile('used-by-session');
const BY_ALL = sqlFile('used-by-all');

interface DaysSql {
  readonly days: Sql;
  readonly localDays: Sql;
}

interface OperationSum {
  readonly operation: string;
  readonly calls: number;
  readonly operation_count: number;
  readonly total_tokens: number;
  readonly cost_nano_usd: number;
}

/** What subjects used in a window, less what resets took back: fills cold counters. */
export class UsedStore {
  /** @param timeZone QUOTA_TIMEZONE, whose days all windows but a subject's own months are made of. */
  constructor(
    private readonly pool: SqlPool,
    private readonly timeZone: string,
  ) {}

  /** Every unit that was used at all; a call counts where it was reserved. */
  async usedIn(subject: Subject, window: CounterWindow): Promise<UnitAmounts> {
    return amountsOf(await this.sumsOf(subject, window));
  }

  private sumsOf(subject: Subject, window: CounterWindow): Promise<OperationSum[]> {
    switch (subject.kind) {
      case 'user':
        return this.byDays(BY_USER, subject.id, window);
      case 'apiKey':
        return this.byDays(BY_API_KEY, subject.id, window);
      case 'workspace':
        return this.byDays(BY_WORKSPACE, subject.id, window);
      case 'workflow':
        return this.byDays(BY_WORKFLOW, subject.id, window);
      case 'session':
        return this.pool.query<OperationSum>(BY_SESSION, [subject.id, window.startsAtMs, window.resetsAtMs]);
      case 'system':
        return this.byInstants(window);
    }
  }

  private byDays(sql: DaysSql, id: string, window: CounterWindow): Promise<OperationSum[]> {
    if (window.kind === 'month') {
      return this.pool.query<OperationSum>(sql.localDays, [id, window.name, endDayOf(window)]);
    }
    const firstDay = dayAt(window.startsAtMs, this.timeZone);
    const lastDay = dayAt(window.resetsAtMs - 1, this.timeZone);
    return this.pool.query<OperationSum>(sql.days, [id, firstDay, addDays(lastDay, 1)]);
  }

  private byInstants({ startsAtMs, resetsAtMs }: CounterWindow): Promise<OperationSum[]> {
    const ids = [leastIdAt(startsAtMs), leastIdAt(resetsAtMs)];
    return this.pool.query<OperationSum>(BY_ALL, [...ids, startsAtMs, resetsAtMs]);
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

function addDays(day: string, days: number): string {
  return dayAt(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS, 'UTC');
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

function daysOf(subject: string, kind: SubjectKind): DaysSql {
  return {
    days: sqlFile('used-by-days', { subject, kind }),
    localDays: sqlFile('used-by-local-days', { subject, kind }),
  };
}
