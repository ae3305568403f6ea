import { Injectable } from '@nestjs/common';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { WorkspaceMembership } from '../../identity/index.js';
import { type UserId } from '../../rate-limiting/index.js';

import { type WorkspaceRole } from './member.entity.js';
import { MemberStore, type Roles } from './member.store.js';

/** The kind of the notice that a workspace, its members or its keys were changed. */
export const WORKSPACE_CHANGE = 'workspace';

const NOBODY: Roles = new Map();
/** Thrown out of a load, so that ids which nobody has do not push out real ones. */
const UNKNOWN = new Error('unknown');

/** Members as every call needs them: cached, and forgotten within a second when any instance changes them. */
@Injectable()
export class StoredMembership extends WorkspaceMembership {
  private readonly cache: FreshCache<string, Roles>;

  constructor(
    private readonly members: MemberStore,
    feed: ChangeFeed,
  ) {
    super();
    this.cache = new FreshCache(feed, { maxEntries: 10_000 });
    feed.onChange(({ kind, id }) => {
      if (kind === WORKSPACE_CHANGE) this.forget(id);
    });
  }

  override has(workspaceId: string, user: UserId): Soon<boolean> {
    const roles = this.cache.get(workspaceId, () => this.load(workspaceId));
    return roles instanceof Promise ? this.later(roles, user) : roles.has(user);
  }

  /** Of a user in a workspace; `undefined` where it is not the user's. */
  async roleOf(workspaceId: string, user: UserId): Promise<WorkspaceRole | undefined> {
    return (await unlessUnknown(this.cache.get(workspaceId, () => this.load(workspaceId)))).get(user);
  }

  /** Drops what a change on this instance has made old; the others hear of it. */
  forget(workspaceId: string): void {
    this.cache.evict(workspaceId);
  }

  private async later(roles: Promise<Roles>, user: UserId): Promise<boolean> {
    return (await unlessUnknown(roles)).has(user);
  }

  private async load(workspaceId: string): Promise<Roles> {
    const roles = await this.members.rolesIn(workspaceId);
    if (roles.size === 0) throw UNKNOWN;
    return roles;
  }
}

async function unlessUnknown(roles: Soon<Roles>): Promise<Roles> {
  try {
    return await roles;
  } catch (error) {
    if (error === UNKNOWN) return NOBODY;
    throw error;
  }
}
