import { type Sql, type SqlPool } from '../../database/index.js';
import { type Subject, type SubjectKind } from '../domain/caller.js';
import { type CounterWindow } from '../domain/limit.js';
import { addDays } from '../domain/period.js';
import { type DayAmount, rollingDaysOf } from '../domain/rolling.js';
import { callerOfPot } from '../domain/workflow-pot.js';

import { sqlFile } from './sql-file.js';

const BY_USER = byDay('user', 'of user', 'user_id = $1');
const BY_API_KEY = byDay('apiKey', 'of key', 'api_key_id = $1');
const BY_WORKSPACE = byDay('workspace', 'of workspace', 'workspace_id = $1');
const BY_POT_OF_WORKSPACE = byDay('workflow', 'in workspace', 'workspace_id = $4 AND workflow_id = $5');
const BY_POT_OF_USER = byDay(
  'workflow',
  'in user',
  'workspace_id IS NULL AND user_id = $4 AND workflow_id = $5',
);
const BY_POT_OF_KEY = byDay(
  'workflow',
  'in key',
  'workspace_id IS NULL AND user_id IS NULL AND api_key_id = $4 AND workflow_id = $5',
);

interface Asked {
  readonly sql: Sql;
  readonly more: readonly string[];
}

/** The tokens that subjects used on each day of a rolling window, less what resets took back. */
export class RollingUsedStore {
  constructor(private readonly pool: SqlPool) {}

  /** In the order of the days; those without usage are left out. */
  tokensByDay(subject: Subject, window: CounterWindow): Promise<DayAmount[]> {
    const days = rollingDaysOf(window);
    if (!days) throw new Error(`The window ${window.name} is not a rolling one.`);
    const { sql, more } = askedOf(subject);
    const values = [subject.id, days.firstDay, addDays(days.lastDay, 1), ...more];
    return this.pool.query<{ day: string; amount: number }>(sql, values);
  }
}

function askedOf({ kind, id }: Subject): Asked {
  switch (kind) {
    case 'user':
      return { sql: BY_USER, more: [] };
    case 'apiKey':
      return { sql: BY_API_KEY, more: [] };
    case 'workspace':
      return { sql: BY_WORKSPACE, more: [] };
    case 'workflow':
      return askedOfPot(id);
    case 'session':
    case 'system':
      throw new Error(`A ${kind} has no rolling window.`);
  }
}

function askedOfPot(id: string): Asked {
  const caller = callerOfPot(id);
  if (caller?.workflowId === undefined) throw new Error(`${id} does not say whose workflow it is.`);
  const { workspaceId, userId, apiKeyId, workflowId } = caller;
  if (workspaceId !== undefined) return { sql: BY_POT_OF_WORKSPACE, more: [workspaceId, workflowId] };
  if (userId !== undefined) return { sql: BY_POT_OF_USER, more: [userId, workflowId] };
  return { sql: BY_POT_OF_KEY, more: [apiKeyId ?? '', workflowId] };
}

/** Under a name of its own, since connections prepare a statement by a short one. */
function byDay(kind: SubjectKind, called: string, of: string): Sql {
  return { ...sqlFile('tokens-by-day', { kind, of }), name: `ledger tokens-by-day ${called}` };
}
