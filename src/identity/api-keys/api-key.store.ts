import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, LessThan, Or } from 'typeorm';

import { CodedError } from '../../errors.js';
import { type Page, pageOf, type PageRequest } from '../page.js';

import { ApiKeyEntity, type ApiKeyRow } from './api-key.entity.js';

/** `last_used_at` is kept to the minute: a busy key must not write a row for each of its calls. */
const USED_RESOLUTION_MS = 60_000;

/** The table of API keys, without a cache. Rows are revoked, never deleted: the ledger names them. */
@Injectable()
export class ApiKeyStore {
  constructor(private readonly dataSource: DataSource) {}

  /** A user's keys, the newest first, the revoked ones too. */
  async list(userId: string, page: PageRequest): Promise<Page<ApiKeyEntity>> {
    const where = { userId, ...(page.after === undefined ? {} : { id: LessThan(page.after) }) };
    const take = page.limit + 1;
    const rows = await this.dataSource.manager.find(ApiKeyEntity, { where, order: { id: 'DESC' }, take });
    return pageOf(rows, page.limit);
  }

  /** @throws CodedError `not_found` */
  async get(id: string): Promise<ApiKeyEntity> {
    return (await this.dataSource.manager.findOneBy(ApiKeyEntity, { id })) ?? unknownKey(id);
  }

  async insert(manager: EntityManager, key: ApiKeyRow): Promise<void> {
    await manager.insert(ApiKeyEntity, key);
  }

  /** The key with this hash, its user with it. */
  async findByHash(manager: EntityManager, keyHash: Buffer): Promise<ApiKeyEntity | undefined> {
    return (
      (await manager.findOne(ApiKeyEntity, { where: { keyHash }, relations: { user: true } })) ?? undefined
    );
  }

  /**
   * A key with its hash, of one user if asked so; nobody else changes it until the transaction ends.
   * @throws CodedError `not_found`, also for what is another's.
   */
  async lock(manager: EntityManager, id: string, userId?: string): Promise<ApiKeyEntity> {
    const query = manager.createQueryBuilder(ApiKeyEntity, 'k').addSelect('k.keyHash').where({ id });
    if (userId !== undefined) query.andWhere({ userId });
    return (await query.setLock('pessimistic_write').getOne()) ?? unknownKey(id);
  }

  async revoke(manager: EntityManager, id: string, at: Date): Promise<void> {
    await manager.update(ApiKeyEntity, { id, revokedAt: IsNull() }, { revokedAt: at });
  }

  /** The hashes of a user's keys that are not revoked. */
  async liveHashes(manager: EntityManager, userId: string): Promise<Buffer[]> {
    const where = { userId, revokedAt: IsNull() };
    const rows = await manager.find(ApiKeyEntity, { where, select: { keyHash: true } });
    return rows.map(({ keyHash }) => keyHash);
  }

  /** Notes that a key was used, at most once a minute over all instances. */
  async touch(id: string, nowMs: number): Promise<void> {
    const stale = Or(IsNull(), LessThan(new Date(nowMs - USED_RESOLUTION_MS)));
    await this.dataSource.manager.update(
      ApiKeyEntity,
      { id, lastUsedAt: stale },
      { lastUsedAt: new Date(nowMs) },
    );
  }

  /** A user's keys of one name that are not revoked and not expired. */
  async liveNamed(manager: EntityManager, key: { userId: string; name: string }): Promise<ApiKeyEntity[]> {
    return manager.findBy(ApiKeyEntity, { ...key, revokedAt: IsNull(), expiresAt: IsNull() });
  }
}

function unknownKey(id: string): never {
  throw new CodedError('not_found', `There is no API key ${id}.`);
}
