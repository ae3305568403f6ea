import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';

import { CodedError } from '../../errors.js';
import { isDuplicate, type Page, pageOf, type PageRequest } from '../../identity/index.js';
import { MemberEntity } from '../members/member.entity.js';

import { RetiredWorkspaceEntity } from './retired-workspace.entity.js';
import { WorkspaceEntity, type WorkspaceRow } from './workspace.entity.js';

/** Which workspaces of a list. */
export interface WorkspaceFilter {
  /** Only those that this user is of; all of them unless said. */
  readonly userId?: string | undefined;
  readonly id?: string | undefined;
}

/** The table of workspaces. */
@Injectable()
export class WorkspaceStore {
  constructor(private readonly dataSource: DataSource) {}

  /** In the order of their ids. */
  async list({ userId, id }: WorkspaceFilter, page: PageRequest): Promise<Page<WorkspaceEntity>> {
    const query = this.dataSource.manager.createQueryBuilder(WorkspaceEntity, 'w').orderBy('w.id');
    if (userId !== undefined)
      query.innerJoin(MemberEntity, 'm', 'm.workspaceId = w.id AND m.userId = :userId', { userId });
    if (id !== undefined) query.andWhere({ id });
    if (page.after !== undefined) query.andWhere({ id: MoreThan(page.after) });
    return pageOf(await query.limit(page.limit + 1).getMany(), page.limit);
  }

  /** Until the transaction ends nobody else changes it, its members or its keys. @throws CodedError `not_found` */
  async lock(manager: EntityManager, id: string): Promise<WorkspaceEntity> {
    const lock = { mode: 'pessimistic_write' } as const;
    const row = await manager.findOne(WorkspaceEntity, { where: { id }, lock });
    if (row) return row;
    throw unknownWorkspace(id);
  }

  async exists(id: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(WorkspaceEntity, { id });
  }

  /** @throws CodedError `conflict` where the id is taken, or was another's. */
  async insert(manager: EntityManager, workspace: WorkspaceRow, ownerId: string): Promise<void> {
    const { id } = workspace;
    const former = await manager.find(RetiredWorkspaceEntity, {
      where: { workspaceId: id },
      // Whoever deletes its former queue has these locked, in this order.
      ...{ order: { ownerId: 'ASC' }, lock: { mode: 'pessimistic_write' } },
    });
    if (former.length > 0 && former.every((one) => one.ownerId !== ownerId)) throw taken(id);
    try {
      await manager.insert(WorkspaceEntity, workspace);
    } catch (error) {
      throw isDuplicate(error) ? taken(id) : error;
    }
    await manager.delete(RetiredWorkspaceEntity, { workspaceId: id });
  }

  /** With its members and keys. Its owners may register its id again, and nobody else. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    const owners = await manager.findBy(MemberEntity, { workspaceId: id, role: 'owner' });
    const retired = owners.map(({ userId }) => ({ workspaceId: id, ownerId: userId }));
    if (retired.length > 0) await manager.insert(RetiredWorkspaceEntity, retired);
    await manager.delete(WorkspaceEntity, { id });
  }
}

/** Also for what is another's. */
export function unknownWorkspace(id: string): CodedError {
  return new CodedError('not_found', `There is no workspace ${id} of yours. GET /workspaces lists them.`);
}

function taken(id: string): CodedError {
  return new CodedError('conflict', `The workspace id ${id} is taken, or was another’s. Choose another id.`);
}
