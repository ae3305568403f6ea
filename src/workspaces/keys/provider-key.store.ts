import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan, Not } from 'typeorm';

import { ChangeFeed } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { type Page, pageOf, type PageRequest } from '../../identity/index.js';
import { boundedLoad } from '../../rate-limiting/index.js';
import { MemberEntity } from '../members/member.entity.js';

import { ProviderKeyEntity, type ProviderKeyRow } from './provider-key.entity.js';
import { type Sealed } from './key-ring.js';

/** Which keys of a list. */
export interface ProviderKeyFilter {
  /** Only of workspaces that this user is of; all unless said. */
  readonly userId?: string | undefined;
  readonly workspaceId?: string | undefined;
}

/** The table of provider keys. Whoever changes a row publishes `{ kind: 'workspace', id }` in the same transaction. */
@Injectable()
export class ProviderKeyStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {}

  /** In the order in which they were made. */
  async list(
    { userId, workspaceId }: ProviderKeyFilter,
    page: PageRequest,
  ): Promise<Page<ProviderKeyEntity>> {
    const query = this.dataSource.manager.createQueryBuilder(ProviderKeyEntity, 'k').orderBy('k.id');
    if (userId !== undefined)
      query.innerJoin(MemberEntity, 'm', 'm.workspaceId = k.workspaceId AND m.userId = :userId', { userId });
    if (workspaceId !== undefined) query.andWhere({ workspaceId });
    if (page.after !== undefined) query.andWhere({ id: MoreThan(page.after) });
    return pageOf(await query.limit(page.limit + 1).getMany(), page.limit);
  }

  /** All of some workspaces, in the order in which they were made. */
  of(
    workspaceIds: readonly string[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<ProviderKeyEntity[]> {
    return manager.find(ProviderKeyEntity, {
      where: { workspaceId: In([...workspaceIds]) },
      order: { id: 'ASC' },
    });
  }

  /** All of a workspace, for a call that waits. */
  forCall(workspaceId: string): Promise<ProviderKeyEntity[]> {
    return boundedLoad(this.feed, () => this.of([workspaceId]));
  }

  /** @throws CodedError `not_found` */
  async get(id: string, manager: EntityManager = this.dataSource.manager): Promise<ProviderKeyEntity> {
    const row = await manager.findOneBy(ProviderKeyEntity, { id });
    if (row) return row;
    throw unknownKey(id);
  }

  async insert(manager: EntityManager, rows: readonly ProviderKeyRow[]): Promise<void> {
    if (rows.length > 0) await manager.insert(ProviderKeyEntity, [...rows]);
  }

  async update(manager: EntityManager, row: ProviderKeyRow): Promise<void> {
    await manager.update(ProviderKeyEntity, { id: row.id }, row);
  }

  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(ProviderKeyEntity, { id });
  }

  /** Those that were encrypted with another key than this. */
  sealedOtherwise(encryptionKeyId: string): Promise<ProviderKeyEntity[]> {
    return this.dataSource.manager.findBy(ProviderKeyEntity, { encryptionKeyId: Not(encryptionKeyId) });
  }

  /** Replaces what a row holds, unless somebody else did meanwhile. */
  async reseal({ id, sealed, encryptionKeyId }: ProviderKeyRow, anew: Sealed): Promise<void> {
    await this.dataSource.manager.update(ProviderKeyEntity, { id, sealed, encryptionKeyId }, anew);
  }
}

/** Also for what is another's. */
export function unknownKey(id: string): CodedError {
  return new CodedError(
    'not_found',
    `There is no provider key ${id} of yours. GET /provider-keys lists them.`,
  );
}
