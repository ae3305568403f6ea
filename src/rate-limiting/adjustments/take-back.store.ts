import { type EntityManager } from 'typeorm';

import { type Sql } from '../../database/index.js';
import { callerOfPot } from '../domain/workflow-pot.js';
import { sqlFile } from '../ledger/sql-file.js';

import { type ResetKind, type TakenBack } from './adjustment.store.js';

/** Where those windows begin whose usage is taken back. */
export interface FirstDays {
  readonly day: string;
  /** Users whose period begins on another day. */
  readonly own: readonly { readonly userId: string; readonly day: string }[];
  /** Users whose tokens are limited in a rolling window. */
  readonly rolling?: { readonly userIds: readonly string[]; readonly day: string };
}

/** Whose usage is taken back; of every subject of its kind where no id is given. */
export interface TakeBackInput {
  readonly kind: ResetKind;
  /** A workflow's is a pot, or the workflow's own id for all of its pots. */
  readonly id?: string;
  readonly first: FirstDays;
}

interface TakenRow {
  readonly subjects: number;
  readonly calls: number;
  readonly total_tokens: number;
  readonly cost_nano_usd: number;
}

interface Choices {
  readonly ofUsed: string;
  readonly ofTaken: string;
}

const escaped = (column: string) => `replace(replace(${column}, '%', '%25'), ':', '%3A')`;
/** As `workflowPotOf` writes it. */
const POT = `(CASE
    WHEN u.workspace_id IS NOT NULL THEN 'workspace:' || ${escaped('u.workspace_id')}
    WHEN u.user_id IS NOT NULL THEN 'user:' || ${escaped('u.user_id')}
    ELSE 'apiKey:' || ${escaped('u.api_key_id')} END || ':' || u.workflow_id)`;
const SUBJECT: Readonly<Record<ResetKind, string>> = {
  user: 'u.user_id',
  apiKey: 'u.api_key_id',
  workspace: 'u.workspace_id',
  workflow: POT,
};
const MONTHS = 'u.local_day >= coalesce(own.first_day, $2::date)';
const DAYS = 'u.day >= $2::date';
const WHOLE: Readonly<Record<ResetKind, string>> = {
  user: MONTHS,
  apiKey: MONTHS,
  workspace: DAYS,
  workflow: DAYS,
};

const ONE = { user: of('user'), apiKey: of('apiKey'), workspace: of('workspace') };
const ALL = {
  user: everyOf('user', 'u.user_id'),
  apiKey: everyOf('apiKey', 'u.api_key_id'),
  workspace: everyOf('workspace', 'u.workspace_id'),
  workflow: everyOf('workflow', 'u.workflow_id'),
};
const POT_OF = {
  workspaceId: potOf('u.workspace_id = $9'),
  userId: potOf('u.workspace_id IS NULL AND u.user_id = $9'),
  apiKeyId: potOf('u.workspace_id IS NULL AND u.user_id IS NULL AND u.api_key_id = $9'),
};
const EVERY_POT = sql('workflow', { ofUsed: 'u.workflow_id = $8', ofTaken: 'true' });
const POTS = sqlFile('workflow-pots', { pot: POT }).text;

// Readers go on: only one who takes back waits for another.
const LOCK = 'LOCK TABLE quota_adjustment_day IN SHARE ROW EXCLUSIVE MODE';

/** Takes back what one subject, or where no id is given every subject of a kind, used since its first day. */
export async function takeBack(
  manager: EntityManager,
  adjustmentId: string,
  input: TakeBackInput,
): Promise<TakenBack> {
  await manager.query(LOCK);
  const [statement, more] = statementOf(input);
  const values = [adjustmentId, ...valuesOf(input.first), ...more];
  const [row] = await manager.query<TakenRow[]>(statement.text, values);
  if (!row) throw new Error('A sum always has a row.');
  return {
    subjects: row.subjects,
    calls: row.calls,
    tokens: row.total_tokens,
    costNanoUsd: row.cost_nano_usd,
  };
}

/** The pots of a workflow's own id that were charged since a day. */
export async function potsOf(
  manager: EntityManager,
  workflowId: string,
  firstDay: string,
): Promise<readonly string[]> {
  const rows = await manager.query<{ pot: string }[]>(POTS, [workflowId, firstDay]);
  return rows.map(({ pot }) => pot);
}

function statementOf({ kind, id }: TakeBackInput): [Sql, readonly string[]] {
  if (id === undefined) return [ALL[kind], []];
  if (kind !== 'workflow') return [ONE[kind], [id]];
  const caller = callerOfPot(id);
  if (caller?.workflowId === undefined) return [EVERY_POT, [id]];
  const { workspaceId, userId, apiKeyId, workflowId } = caller;
  if (workspaceId !== undefined) return [POT_OF.workspaceId, [id, workspaceId, workflowId]];
  if (userId !== undefined) return [POT_OF.userId, [id, userId, workflowId]];
  return [POT_OF.apiKeyId, [id, apiKeyId ?? '', workflowId]];
}

function valuesOf({ day, own, rolling }: FirstDays): unknown[] {
  const days = own.map((one) => one.day);
  const least = [...days, ...(rolling ? [rolling.day] : [])].reduce((a, b) => (b < a ? b : a), day);
  const users = own.map(({ userId }) => userId);
  return [day, users, days, least, rolling?.userIds ?? [], rolling?.day ?? day];
}

function of(kind: 'user' | 'apiKey' | 'workspace'): Sql {
  return sql(kind, { ofUsed: `${SUBJECT[kind]} = $8`, ofTaken: 'subject_id = $8' });
}

function potOf(owner: string): Sql {
  return sql('workflow', { ofUsed: `${owner} AND u.workflow_id = $10`, ofTaken: 'subject_id = $8' });
}

function everyOf(kind: ResetKind, column: string): Sql {
  return sql(kind, { ofUsed: `${column} IS NOT NULL`, ofTaken: 'true' });
}

function sql(kind: ResetKind, choices: Choices): Sql {
  return sqlFile('take-back', { subject: SUBJECT[kind], kind, whole: WHOLE[kind], ...choices });
}
