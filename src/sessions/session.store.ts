import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ChangeFeed } from '../database/index.js';
import { boundedLoad } from '../rate-limiting/index.js';

import { type SessionFacts } from './session.js';

/** Nobody asks for a session that was over so long ago; the ledger has its rows all the same. */
const KEPT_MS = 7 * 86_400_000;

const BEGIN = 'INSERT INTO realtime_session (id, user_id, started_at, expires_at) VALUES ($1, $2, $3, $4)';
const FORGET = 'DELETE FROM realtime_session WHERE expires_at < $1';
const END = 'UPDATE realtime_session SET ended_at = $2 WHERE id = $1';
const FIND =
  'SELECT 1 FROM realtime_session WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3';

/** Whose the sessions are, for all instances to know. */
@Injectable()
export class SessionStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {}

  /** @throws CodedError `store_unavailable` where the database does not answer. */
  async begin({ id, caller, startedAtMs, expiresAtMs }: SessionFacts): Promise<void> {
    const row = [id, caller.userId, new Date(startedAtMs), new Date(expiresAtMs)];
    await boundedLoad(this.feed, () => this.dataSource.query(BEGIN, row));
    await boundedLoad(this.feed, () => this.dataSource.query(FORGET, [new Date(startedAtMs - KEPT_MS)]));
  }

  async end(id: string, atMs: number): Promise<void> {
    await this.dataSource.query(END, [id, new Date(atMs)]);
  }

  /** Whether a session is the user's and goes on. @throws as `begin` */
  async isOpen(id: string, userId: string, atMs: number): Promise<boolean> {
    const found = await boundedLoad(this.feed, () =>
      this.dataSource.query<unknown[]>(FIND, [id, userId, new Date(atMs)]),
    );
    return found.length > 0;
  }
}
