import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import {
  type ChangeContext,
  type OpenChange,
  RecordedChanges,
  type UserEntity,
} from '../../identity/index.js';
import { Clock } from '../../rate-limiting/index.js';
import { WorkspaceStore } from '../workspaces/workspace.store.js';

import { type WorkspaceRole } from './member.entity.js';
import { MemberStore, type Roles } from './member.store.js';
import { StoredMembership, WORKSPACE_CHANGE } from './stored-membership.js';

const MOST_MEMBERS = 1_000;

/** A user's role in a workspace, as it shall be: none takes it away. */
interface MemberChange {
  readonly workspaceId: string;
  readonly userId: string;
  readonly role?: WorkspaceRole;
}

/** Who is of a workspace. Each change is in the audit log, and holds everywhere within a second. */
@Injectable()
export class MembersService {
  constructor(
    private readonly members: MemberStore,
    private readonly workspaces: WorkspaceStore,
    private readonly memberships: StoredMembership,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a user, or gives a member another role.
   * @throws CodedError `not_found` for an unknown workspace; `conflict` for its only owner, and where there is no room.
   */
  async put(workspaceId: string, user: UserEntity, role: WorkspaceRole, context: ChangeContext) {
    const member = { workspaceId, userId: user.id, role, createdAt: new Date(this.clock.now()) };
    return this.change(member, context, async ({ manager }, roles) => {
      if (roles.size >= MOST_MEMBERS && !roles.has(user.id))
        throw new CodedError('conflict', `A workspace has at most ${MOST_MEMBERS} members.`);
      return { ...(await this.members.put(manager, member)), user };
    });
  }

  /**
   * Takes a member away.
   * @throws CodedError `not_found` for who is none; `conflict` for the only owner.
   */
  async remove(workspaceId: string, userId: string, context: ChangeContext): Promise<void> {
    await this.change({ workspaceId, userId }, context, async ({ manager }, roles) => {
      if (!roles.has(userId))
        throw new CodedError('not_found', `The workspace ${workspaceId} has no member ${userId}.`);
      await this.members.delete(manager, workspaceId, userId);
    });
  }

  private async change<T>(
    { workspaceId, userId, role }: MemberChange,
    context: ChangeContext,
    write: (change: OpenChange, roles: Roles) => Promise<T>,
  ): Promise<T> {
    const result = await this.changes.run(context, async (change) => {
      await this.workspaces.lock(change.manager, workspaceId);
      const roles = await this.members.rolesWithin(change.manager, workspaceId);
      const former = roles.get(userId);
      if (former === 'owner' && role !== 'owner') checkNotLast(roles);
      const written = await write(change, roles);
      await change.record({
        action: role === undefined ? 'workspaceMember.remove' : 'workspaceMember.put',
        subject: { kind: 'workspace', id: workspaceId },
        before: former === undefined ? null : { userId, role: former },
        after: role === undefined ? null : { userId, role },
      });
      await change.announce(WORKSPACE_CHANGE, workspaceId);
      return written;
    });
    this.memberships.forget(workspaceId);
    return result;
  }
}

/** A workspace that nobody owns could be managed by nobody. */
function checkNotLast(roles: Roles): void {
  if ([...roles.values()].filter((role) => role === 'owner').length > 1) return;
  throw new CodedError('conflict', 'A workspace keeps one owner: make somebody else an owner first.');
}
