import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { SqlPool } from '../database/index.js';
import { type LimitState } from '../rate-limiting/index.js';

/** What somebody is told: once a limit, period and threshold. Amounts are in the unit, money in nano-dollars. */
export interface Notification {
  readonly id: string;
  readonly userId: string | null;
  /** Whose limit it is, where that is an API key's; a user may have several. */
  readonly apiKeyId: string | null;
  readonly limitName: string;
  readonly unit: string;
  readonly period: string;
  readonly thresholdPercent: number;
  readonly used: number;
  readonly max: number;
  readonly resetsAt: Date;
  readonly createdAt: Date;
  readonly attempts: number;
}

const COLUMNS = `id, user_id AS "userId", CASE subject_kind WHEN 'apiKey' THEN subject_id END AS "apiKeyId", limit_name AS "limitName", unit, period, threshold_percent AS "thresholdPercent",
  used, max, resets_at AS "resetsAt", created_at AS "createdAt", attempts`;
const ADD = {
  name: 'notification add',
  text: `INSERT INTO notification (id, user_id, subject_kind, subject_id, limit_name, unit, period, threshold_percent,
      used, max, resets_at, created_at, next_attempt_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING id`,
};
// Taken with its next attempt set already: one who dies over it leaves it to the next, and no two have it at once.
const TAKE = {
  name: 'notification take',
  text: `UPDATE notification SET attempts = attempts + 1,
      next_attempt_at = $1::timestamptz + least(10 * power(2, least(attempts, 12)), 3600) * interval '1 second'
    WHERE id IN (
      SELECT id FROM notification WHERE delivered_at IS NULL AND next_attempt_at <= $1
      ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${COLUMNS}`,
};
const WAITING = {
  name: 'notifications waiting',
  text: 'SELECT count(*)::integer AS waiting FROM notification WHERE delivered_at IS NULL AND next_attempt_at IS NOT NULL',
};
const DELIVERED = {
  name: 'notification delivered',
  text: 'UPDATE notification SET delivered_at = $2 WHERE id = $1',
};

/** The notifications, kept until they are delivered and after. */
@Injectable()
export class NotificationStore {
  constructor(private readonly pool: SqlPool) {}

  /** @returns false where it was told before. */
  async add(
    limit: LimitState,
    told: { userId?: string | undefined; thresholdPercent: number; nowMs: number; deliver: boolean },
  ): Promise<boolean> {
    const now = new Date(told.nowMs);
    const { subject, window } = limit;
    const rows = await this.pool.query(ADD, [
      ...[uuidv7(), told.userId ?? null, subject.kind, subject.id, limit.name, limit.unit, window.name],
      ...[told.thresholdPercent, limit.used, limit.max, new Date(window.resetsAtMs), now],
      told.deliver ? now : null,
    ]);
    return rows.length > 0;
  }

  /** The next one that is due; nobody else gets it before its next attempt is due. */
  async take(nowMs: number): Promise<Notification | undefined> {
    const [row] = await this.pool.query<Notification & Record<string, unknown>>(TAKE, [new Date(nowMs)]);
    return row;
  }

  /** How many are to be delivered and are not. */
  async waiting(): Promise<number> {
    const [row] = await this.pool.query<{ waiting: number }>(WAITING);
    return row?.waiting ?? 0;
  }

  async delivered(id: string, nowMs: number): Promise<void> {
    await this.pool.query(DELIVERED, [id, new Date(nowMs)]);
  }
}
