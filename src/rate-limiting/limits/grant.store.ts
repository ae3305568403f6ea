import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { type Unit } from '../domain/operation.js';

import { boundedLoad } from './bounded-load.js';
import { type Grant } from './grants.js';

/** What a new grant is announced as; its id is the user's. */
export const GRANT_CHANGE = 'quotaGrant';

const OF_USER = `
  SELECT unit, amount, period::text AS period, expires_at FROM quota_adjustment
  WHERE kind = 'grant' AND subject_id = $1 ORDER BY id`;

interface GrantRow {
  readonly unit: Unit;
  readonly amount: number;
  readonly period: string;
  readonly expires_at: Date;
}

/** Users' grants, cached: most users have none, and that is kept too. */
@Injectable()
export class GrantStore {
  private readonly cache: FreshCache<string, readonly Grant[]>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {
    this.cache = new FreshCache(feed, { maxEntries: 100_000 });
    feed.onChange(({ kind, id }) => {
      if (kind === GRANT_CHANGE) this.cache.evict(id);
    });
  }

  /** All that a user was ever granted; at most a second old. Called for every metered call. */
  of(userId: string): Soon<readonly Grant[]> {
    return this.cache.get(userId, () => boundedLoad(this.feed, () => this.load(userId)));
  }

  /** Drops what this instance keeps of a user. */
  forget(userId: string): void {
    this.cache.evict(userId);
  }

  private async load(userId: string): Promise<readonly Grant[]> {
    const rows = await this.dataSource.query<GrantRow[]>(OF_USER, [userId]);
    return rows.map(({ unit, amount, period, expires_at: expiresAt }) => ({
      unit,
      amount,
      period,
      expiresAtMs: expiresAt.getTime(),
    }));
  }
}
