import { type EntityManager } from 'typeorm';

import { type Sql } from '../../database/index.js';

import { type SubjectKind } from '../domain/caller.js';
import { type Unit } from '../domain/operation.js';
import { sqlFile } from '../ledger/sql-file.js';

/** Whose used amounts can be taken back. */
export const RESET_KINDS = ['user', 'apiKey', 'workspace', 'workflow'] as const;
export type ResetKind = (typeof RESET_KINDS)[number];

/** An admin's act, as it is kept. */
export interface AdjustmentRow {
  readonly id: string;
  readonly kind: 'reset' | 'grant';
  readonly subjectKind: ResetKind | 'all';
  /** `null` of all. */
  readonly subjectId: string | null;
  readonly grant?: GrantTerms;
  readonly reason: string;
  readonly actor: { readonly id: string | null; readonly label: string };
  readonly createdAtMs: number;
}

/** More room of one unit in one period, until an instant. Money in nano-dollars. */
export interface GrantTerms {
  readonly unit: Unit;
  readonly amount: number;
  /** The period's first day. */
  readonly period: string;
  readonly expiresAtMs: number;
}

/** Where the period of those begins whose usage is taken back. */
export interface FirstDays {
  readonly day: string;
  /** Users whose period begins on another day. */
  readonly own: readonly { readonly userId: string; readonly day: string }[];
}

/** What a reset took back; money in nano-dollars. */
export interface TakenBack {
  readonly subjects: number;
  readonly calls: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
}

interface TakenRow {
  readonly subjects: number;
  readonly calls: number;
  readonly total_tokens: number;
  readonly cost_nano_usd: number;
}

const COLUMN: Readonly<Record<ResetKind, string>> = {
  user: 'user_id',
  apiKey: 'api_key_id',
  workspace: 'workspace_id',
  workflow: 'workflow_id',
};

const OF_ONE = sqlByKind((column) => ({ ofUsed: `u.${column} = $6`, ofTaken: 'subject_id = $6' }));
const OF_ALL = sqlByKind((column) => ({ ofUsed: `u.${column} IS NOT NULL`, ofTaken: 'true' }));

// Readers go on: only one who takes back waits for another.
const LOCK = 'LOCK TABLE quota_adjustment_day IN SHARE ROW EXCLUSIVE MODE';

const INSERT = `
  INSERT INTO quota_adjustment (id, kind, subject_kind, subject_id, unit, amount, period, expires_at, reason,
    actor_id, actor_label, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

/** Writes one adjustment. */
export async function insertAdjustment(manager: EntityManager, row: AdjustmentRow): Promise<void> {
  const { grant, actor } = row;
  await manager.query(INSERT, [
    row.id,
    row.kind,
    row.subjectKind,
    row.subjectId,
    grant?.unit ?? null,
    grant?.amount ?? null,
    grant?.period ?? null,
    grant ? new Date(grant.expiresAtMs) : null,
    row.reason,
    actor.id,
    actor.label,
    new Date(row.createdAtMs),
  ]);
}

/** Takes back what one subject, or where no id is given every subject of a kind, used since its first day. */
export async function takeBack(
  manager: EntityManager,
  adjustmentId: string,
  of: { readonly kind: ResetKind; readonly id?: string; readonly first: FirstDays },
): Promise<TakenBack> {
  const { kind, id, first } = of;
  await manager.query(LOCK);
  const least = first.own.reduce((day, own) => (own.day < day ? own.day : day), first.day);
  const users = first.own.map(({ userId }) => userId);
  const days = first.own.map(({ day }) => day);
  const values = [adjustmentId, first.day, users, days, least];
  const [row] =
    id === undefined
      ? await manager.query<TakenRow[]>(OF_ALL[kind].text, values)
      : await manager.query<TakenRow[]>(OF_ONE[kind].text, [...values, id]);
  if (!row) throw new Error('A sum always has a row.');
  return {
    subjects: row.subjects,
    calls: row.calls,
    tokens: row.total_tokens,
    costNanoUsd: row.cost_nano_usd,
  };
}

function sqlByKind(choose: (column: string) => { ofUsed: string; ofTaken: string }): Record<ResetKind, Sql> {
  const sql = (kind: ResetKind & SubjectKind) =>
    sqlFile('take-back', { subject: COLUMN[kind], kind, ...choose(COLUMN[kind]) });
  return { user: sql('user'), apiKey: sql('apiKey'), workspace: sql('workspace'), workflow: sql('workflow') };
}
