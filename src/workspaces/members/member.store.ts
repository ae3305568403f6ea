import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';

import { ChangeFeed } from '../../database/index.js';
import { type Page, pageOf, type PageRequest } from '../../identity/index.js';
import { boundedLoad } from '../../rate-limiting/index.js';

import { MemberEntity, type MemberRow, type WorkspaceRole } from './member.entity.js';

/** Who has which role in a workspace. */
export type Roles = ReadonlyMap<string, WorkspaceRole>;

/** The table of members. Whoever changes a row publishes `{ kind: 'workspace', id }` in the same transaction. */
@Injectable()
export class MemberStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {}

  /** Members with their users, in the order of the users' ids. */
  async list(workspaceId: string, page: PageRequest): Promise<Page<MemberEntity & { readonly id: string }>> {
    const after = page.after === undefined ? {} : { userId: MoreThan(page.after) };
    const rows = await this.dataSource.manager.find(MemberEntity, {
      where: { workspaceId, ...after },
      relations: { user: true },
      order: { userId: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(
      rows.map((row) => ({ ...row, id: row.userId })),
      page.limit,
    );
  }

  /** All of a workspace, for a call that waits; empty for one that nobody knows. */
  async rolesIn(workspaceId: string): Promise<Roles> {
    const rows = await boundedLoad(this.feed, () =>
      this.dataSource.manager.findBy(MemberEntity, { workspaceId }),
    );
    return rolesOf(rows);
  }

  /** As they are within a change. */
  async rolesWithin(manager: EntityManager, workspaceId: string): Promise<Roles> {
    return rolesOf(await manager.findBy(MemberEntity, { workspaceId }));
  }

  /** The user's role in each of these workspaces. */
  async rolesOf(userId: string, workspaceIds: readonly string[]): Promise<Roles> {
    const where = { userId, workspaceId: In([...workspaceIds]) };
    const rows = await this.dataSource.manager.findBy(MemberEntity, where);
    return new Map(rows.map(({ workspaceId, role }) => [workspaceId, role]));
  }

  /** How many workspaces a user owns. */
  countOwned(manager: EntityManager, userId: string): Promise<number> {
    return manager.countBy(MemberEntity, { userId, role: 'owner' });
  }

  /** Adds a member, or gives one another role. @returns the row as it is */
  async put(manager: EntityManager, member: MemberRow): Promise<MemberRow> {
    const { workspaceId, userId, role } = member;
    const former = await manager.findOneBy(MemberEntity, { workspaceId, userId });
    if (former) await manager.update(MemberEntity, { workspaceId, userId }, { role });
    else await manager.insert(MemberEntity, member);
    return { ...member, createdAt: former?.createdAt ?? member.createdAt };
  }

  async delete(manager: EntityManager, workspaceId: string, userId: string): Promise<void> {
    await manager.delete(MemberEntity, { workspaceId, userId });
  }
}

function rolesOf(rows: readonly MemberRow[]): Roles {
  return new Map(rows.map(({ userId, role }) => [userId, role]));
}
