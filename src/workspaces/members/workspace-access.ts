import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type Principal } from '../../identity/index.js';
import { unknownWorkspace, WorkspaceStore } from '../workspaces/workspace.store.js';

import { StoredMembership } from './stored-membership.js';

/** What somebody may do in a workspace. An admin may do everything in every one, but calls in the name of none. */
@Injectable()
export class WorkspaceAccess {
  constructor(
    private readonly memberships: StoredMembership,
    private readonly workspaces: WorkspaceStore,
  ) {}

  /** @throws CodedError `not_found` for a workspace that is not the caller's. */
  async requireMember(workspaceId: string, principal: Principal): Promise<void> {
    if (!(await this.isMember(workspaceId, principal))) throw unknownWorkspace(workspaceId);
  }

  /** An admin is of every workspace that there is. */
  async isMember(workspaceId: string, { userId, role }: Principal): Promise<boolean> {
    if (await this.memberships.has(workspaceId, userId)) return true;
    return role === 'admin' && this.workspaces.exists(workspaceId);
  }

  /** @throws CodedError as `requireMember`; `forbidden` for a member who is no owner. */
  async requireOwner(workspaceId: string, principal: Principal): Promise<void> {
    await this.requireMember(workspaceId, principal);
    if (principal.role === 'admin') return;
    if ((await this.memberships.roleOf(workspaceId, principal.userId)) === 'owner') return;
    throw new CodedError('forbidden', `Only owners of the workspace ${workspaceId} may do this.`);
  }
}
