import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { type ApiKeyId, boundedLoad, userId, type UserId } from '../../rate-limiting/index.js';
import { ApiKeyEntity } from '../api-keys/api-key.entity.js';
import { type Principal, principalOf } from '../principal.js';
import { UserEntity } from '../users/user.entity.js';

/** An API key as the door sees it, its user with the plan. */
export interface KnownKey {
  readonly id: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly user: UserEntity;
  /** Who calls with it. */
  readonly principal: Principal;
}

/** Thrown out of a load, so that what nobody knows is not kept: whoever guesses keys must not push out real ones. */
const UNKNOWN = new Error('unknown');

/**
 * Keys and users as every call needs them: cached, and forgotten within a second when any instance changes them.
 * A changed plan is published as `{ kind: 'plan', id }`, a user as `{ kind: 'user', id }`, a key as `{ kind: 'apiKey',
 * id: <its hash in hex> }`; whoever changes a user also publishes that user's keys, since they are kept with the user.
 */
@Injectable()
export class CredentialStore {
  private readonly keys: FreshCache<string, KnownKey>;
  private readonly users: FreshCache<string, UserEntity>;
  private readonly owners: FreshCache<string, UserId>;
  private readonly hashes: FreshCache<string, string>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {
    this.keys = new FreshCache(feed, { maxEntries: 50_000 });
    this.users = new FreshCache(feed, { maxEntries: 50_000 });
    this.owners = new FreshCache(feed, { maxEntries: 50_000 });
    this.hashes = new FreshCache(feed, { maxEntries: 50_000 });
    feed.onChange(({ kind, id }) => {
      this.forget(kind, id);
    });
  }

  /** The key with this hash (hex), revoked or not: one query, or none. */
  key(hash: string): Soon<KnownKey | undefined> {
    return known(this.keys.get(hash, () => this.loadKey(Buffer.from(hash, 'hex'))));
  }

  /** The key with this id, revoked or not. */
  async keyWithId(id: ApiKeyId): Promise<KnownKey | undefined> {
    const hash = await known(this.hashes.get(id, () => this.loadHash(id)));
    return hash === undefined ? undefined : this.key(hash);
  }

  /** A user with the plan: one query, or none. */
  user(id: UserId): Soon<UserEntity | undefined> {
    return known(this.users.get(id, () => this.loadUser(id)));
  }

  /** Whose a key is. That never changes. */
  ownerOf(key: ApiKeyId): Soon<UserId | undefined> {
    return known(this.owners.get(key, () => this.loadOwner(key)));
  }

  /** Drops what a change has made old. Other instances hear of it through the feed. */
  forget(kind: string, id: string): void {
    if (kind === 'apiKey') this.keys.evict(id);
    if (kind === 'user') this.users.evict(id);
    if (kind !== 'plan') return;
    // Whoever has the plan is not known here, and plans seldom change.
    this.keys.clear();
    this.users.clear();
  }

  private async loadKey(keyHash: Buffer): Promise<KnownKey> {
    const query = this.dataSource.manager
      .createQueryBuilder(ApiKeyEntity, 'k')
      .innerJoinAndSelect('k.user', 'u')
      .innerJoinAndSelect('u.plan', 'p')
      .where({ keyHash });
    const row = await boundedLoad(this.feed, () => query.getOne());
    if (!row?.user) throw UNKNOWN;
    const { id, expiresAt, revokedAt, user } = row;
    return { id, expiresAt, revokedAt, user, principal: principalOf(user, id) };
  }

  private async loadUser(id: UserId): Promise<UserEntity> {
    const query = this.dataSource.manager
      .createQueryBuilder(UserEntity, 'u')
      .innerJoinAndSelect('u.plan', 'p')
      .where({ id });
    const row = await boundedLoad(this.feed, () => query.getOne());
    if (!row) throw UNKNOWN;
    return row;
  }

  /** That never changes. */
  private async loadHash(id: ApiKeyId): Promise<string> {
    const query = { where: { id }, select: { id: true, keyHash: true } };
    const row = await boundedLoad(this.feed, () => this.dataSource.manager.findOne(ApiKeyEntity, query));
    if (!row) throw UNKNOWN;
    return row.keyHash.toString('hex');
  }

  private async loadOwner(id: ApiKeyId): Promise<UserId> {
    const row = await boundedLoad(this.feed, () => this.dataSource.manager.findOneBy(ApiKeyEntity, { id }));
    if (!row) throw UNKNOWN;
    return userId(row.userId);
  }
}

function known<T>(value: Soon<T>): Soon<T | undefined> {
  return value instanceof Promise ? unlessUnknown(value) : value;
}

async function unlessUnknown<T>(loading: Promise<T>): Promise<T | undefined> {
  try {
    return await loading;
  } catch (error) {
    if (error === UNKNOWN) return undefined;
    throw error;
  }
}
