import { type EntityManager } from 'typeorm';

import { type Unit } from '../domain/operation.js';

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

/** What a reset took back; money in nano-dollars. */
export interface TakenBack {
  readonly subjects: number;
  readonly calls: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
}

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
