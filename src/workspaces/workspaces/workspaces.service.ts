import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { CodedError } from '../../errors.js';
import {
  type ChangeContext,
  type OpenChange,
  type Principal,
  RecordedChanges,
} from '../../identity/index.js';
import { Clock } from '../../rate-limiting/index.js';
import { ProviderKeyDrafts } from '../keys/provider-key.drafts.js';
import { type ProviderKeyRow } from '../keys/provider-key.entity.js';
import { ProviderKeysService } from '../keys/provider-keys.service.js';
import { MemberStore } from '../members/member.store.js';
import { StoredMembership, WORKSPACE_CHANGE } from '../members/stored-membership.js';

import { type RegisterWorkspaceDto } from './workspace.dto.js';
import { type WorkspaceRow } from './workspace.entity.js';
import { WorkspaceStore } from './workspace.store.js';

const MOST_OWNED = 100;

/** Registers and deletes workspaces. */
@Injectable()
export class WorkspacesService {
  constructor(
    private readonly workspaces: WorkspaceStore,
    private readonly members: MemberStore,
    private readonly memberships: StoredMembership,
    private readonly drafts: ProviderKeyDrafts,
    private readonly keys: ProviderKeysService,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Registers a workspace with its keys; whoever does is its owner.
   * @throws CodedError `conflict` where the id is taken or was another's, where keys cannot be kept,
   *   and for who owns as many as anyone may.
   */
  async register(
    { workspace_id: id = uuidv7(), name, providers = [] }: RegisterWorkspaceDto,
    { userId }: Principal,
    context: ChangeContext,
  ): Promise<{ readonly workspace: WorkspaceRow; readonly keys: readonly ProviderKeyRow[] }> {
    const keys = this.drafts.made(id, providers);
    const workspace = { id, name: name ?? null, createdAt: new Date(this.clock.now()) };
    await this.changed(id, context, async (change) => {
      const { manager } = change;
      if ((await this.members.countOwned(manager, userId)) >= MOST_OWNED)
        throw new CodedError('conflict', `One user owns at most ${MOST_OWNED} workspaces. Delete one first.`);
      await this.workspaces.insert(manager, workspace, userId);
      const { createdAt } = workspace;
      await this.members.put(manager, { workspaceId: id, userId, role: 'owner', createdAt });
      await change.record({
        action: 'workspace.register',
        subject: subjectOf(id),
        after: { name: workspace.name, ownerId: userId },
      });
      await this.keys.addWithin(change, id, keys);
    });
    return { workspace, keys };
  }

  /**
   * Deletes a workspace with its members and keys; its ledger stays.
   * @throws CodedError `not_found`
   */
  async delete(id: string, context: ChangeContext): Promise<void> {
    await this.changed(id, context, async (change) => {
      const { manager } = change;
      const { name } = await this.workspaces.lock(manager, id);
      await this.workspaces.delete(manager, id);
      await change.record({ action: 'workspace.delete', subject: subjectOf(id), before: { name } });
    });
  }

  private async changed(
    id: string,
    context: ChangeContext,
    work: (change: OpenChange) => Promise<void>,
  ): Promise<void> {
    await this.changes.run(context, async (change) => {
      await work(change);
      await change.announce(WORKSPACE_CHANGE, id);
    });
    this.memberships.forget(id);
  }
}

function subjectOf(id: string) {
  return { kind: 'workspace', id };
}
