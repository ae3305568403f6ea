import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';

import { type Change, ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { type UserId, userId } from '../domain/ids.js';
import { type LimitedKind, RateLimitEntity, type RateLimitRow } from '../rate-limit.entity.js';

import { boundedLoad } from './bounded-load.js';
import { limitFieldsOf } from './limit.columns.js';
import { type LimitOverride } from './resolve-limits.js';

/** What a change of a RateLimit is announced as; its id is `<subject kind>:<subject id>`. */
export const RATE_LIMIT_CHANGE = 'rateLimit';

/** The user whose RateLimit a change is of. */
export function changedUserOf({ kind, id }: Change): string | undefined {
  const user = cacheKey('user', '');
  return kind === RATE_LIMIT_CHANGE && id.startsWith(user) ? id.slice(user.length) : undefined;
}

/** RateLimits, cached: most subjects have none, and that is kept too. */
@Injectable()
export class RateLimitStore {
  private readonly cache: FreshCache<string, LimitOverride | undefined>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {
    this.cache = new FreshCache(feed, { maxEntries: 100_000 });
    feed.onChange(({ kind, id }) => {
      if (kind === RATE_LIMIT_CHANGE) this.cache.evict(id);
    });
  }

  /** The limits of a subject's own, active or not; at most a second old. Called for every metered call. */
  find(kind: LimitedKind, id: string): Soon<LimitOverride | undefined> {
    return this.cache.get(cacheKey(kind, id), () => this.load(kind, id));
  }

  /** The row of a subject as it is in the database. */
  async row(
    kind: LimitedKind,
    id: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<RateLimitEntity | undefined> {
    return (await manager.findOneBy(RateLimitEntity, { subjectKind: kind, subjectId: id })) ?? undefined;
  }

  /** The users with a rolling limit of their own that holds. */
  async rollingUsers(): Promise<readonly UserId[]> {
    const where = { subjectKind: 'user', isActive: true, rollingTokenLimit: MoreThan(0) } as const;
    const rows = await this.dataSource.manager.find(RateLimitEntity, { select: { subjectId: true }, where });
    return rows.map(({ subjectId }) => userId(subjectId));
  }

  /** Until the transaction ends nobody else takes this: for subjects that have no row of their own to lock. */
  async lock(manager: EntityManager, kind: LimitedKind, id: string): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `rate_limit ${cacheKey(kind, id)}`,
    ]);
  }

  /** Replaces the row. Whoever does this announces it in the same transaction, and calls `forget` after it. */
  async put(manager: EntityManager, row: RateLimitRow): Promise<void> {
    const conflictPaths: (keyof RateLimitEntity)[] = ['subjectKind', 'subjectId'];
    await manager.upsert(RateLimitEntity, row, { conflictPaths });
  }

  /** As `put`. */
  async delete(manager: EntityManager, { subjectKind, subjectId }: RateLimitRow): Promise<void> {
    await manager.delete(RateLimitEntity, { subjectKind, subjectId });
  }

  /** Drops what this instance keeps of a subject. */
  forget(kind: LimitedKind, id: string): void {
    this.cache.evict(cacheKey(kind, id));
  }

  private async load(kind: LimitedKind, id: string): Promise<LimitOverride | undefined> {
    const row = await boundedLoad(this.feed, () => this.row(kind, id));
    if (!row) return undefined;
    return { limits: limitFieldsOf(row), enforcement: row.enforcement, isActive: row.isActive };
  }
}

function cacheKey(kind: LimitedKind, id: string): string {
  return `${kind}:${id}`;
}
