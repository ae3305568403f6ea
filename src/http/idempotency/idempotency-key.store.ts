import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool } from '../../database/index.js';
import { type ReservationId } from '../../rate-limiting/index.js';

import { type KeptAnswer, type RunEnd, type KeyedRequest, type KeyHolder } from './keyed-request.js';

const sql = (file: string) => readSql({ scope: 'idempotency', folder: join(__dirname, 'sql'), file });
const CLAIM = sql('claim-key');
const FIND = sql('find-key');
const TAKE_OVER = sql('take-over-key');
const RENEW = sql('renew-keys');
const END = sql('end-key');
const FREE = sql('free-key');
const DROP_EXPIRED = sql('drop-expired-keys');

/** One run under a key. Its usage id tells it from the runs before and after it. */
export interface KeyRun {
  readonly request: KeyedRequest;
  readonly usageId: ReservationId;
}

/** Until when, in Unix milliseconds. */
export interface Lease {
  readonly nowMs: number;
  readonly livesUntilMs: number;
  readonly expiresAtMs: number;
}

interface KeyRow {
  readonly route: string;
  readonly request_hash: string;
  readonly usage_id: ReservationId;
  readonly state: KeyHolder['state'];
  readonly abandoned: boolean;
  readonly status: number | null;
  readonly headers: KeptAnswer['headers'] | null;
  readonly body: string | null;
}

/** The table of keys and kept answers. */
@Injectable()
export class IdempotencyKeyStore {
  constructor(private readonly pool: SqlPool) {}

  /** @returns whether the key was free, and is this run's now. */
  async claim({ request, usageId }: KeyRun, lease: Lease): Promise<boolean> {
    const { userId, key, route, hash } = request;
    const values = [userId, key, route, hash, usageId];
    const taken = await this.pool.query(CLAIM, [
      ...values,
      timestamp(lease.livesUntilMs),
      timestamp(lease.expiresAtMs),
      timestamp(lease.nowMs),
    ]);
    return taken.length > 0;
  }

  async find({ userId, key }: KeyedRequest, nowMs: number): Promise<KeyHolder | undefined> {
    const [row] = await this.pool.query<KeyRow>(FIND, [userId, key, timestamp(nowMs)]);
    return row && holderOf(row);
  }

  /** @returns whether the key of a run that is dead is this run's now. */
  async takeOver({ request, usageId }: KeyRun, dead: ReservationId, lease: Lease): Promise<boolean> {
    const times = [timestamp(lease.livesUntilMs), timestamp(lease.nowMs)];
    const taken = await this.pool.query(TAKE_OVER, [request.userId, request.key, dead, usageId, ...times]);
    return taken.length > 0;
  }

  async renew(runs: readonly KeyRun[], livesUntilMs: number): Promise<void> {
    await this.pool.query(RENEW, [
      runs.map(({ request }) => request.userId),
      runs.map(({ request }) => request.key),
      runs.map(({ usageId }) => usageId),
      timestamp(livesUntilMs),
    ]);
  }

  async end({ request, usageId }: KeyRun, end: RunEnd): Promise<void> {
    const answer =
      end.state === 'answered'
        ? [end.answer.status, JSON.stringify(end.answer.headers), end.answer.body]
        : [null, null, null];
    await this.pool.query(END, [request.userId, request.key, usageId, end.state, ...answer]);
  }

  async free({ request, usageId }: KeyRun): Promise<void> {
    await this.pool.query(FREE, [request.userId, request.key, usageId]);
  }

  /** @returns how many were dropped, at most `limit`. */
  async dropExpired(nowMs: number, limit: number): Promise<number> {
    return (await this.pool.query(DROP_EXPIRED, [timestamp(nowMs), limit])).length;
  }
}

function holderOf(row: KeyRow): KeyHolder {
  const { route, request_hash: hash, usage_id: usageId, abandoned } = row;
  const held = { route, hash, usageId };
  if (row.state === 'running') return { ...held, state: 'running', abandoned };
  if (row.state !== 'answered') return { ...held, state: row.state };
  const { status, headers, body } = row;
  if (status === null || headers === null || body === null)
    throw new Error(`The answer kept for the run ${usageId} is not whole.`);
  return { ...held, state: 'answered', answer: { status, headers, body } };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
