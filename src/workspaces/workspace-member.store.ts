import { Injectable } from '@nestjs/common';

import { SqlPool } from '../database/index.js';
import { WorkspaceMembership } from '../identity/index.js';
import { type UserId } from '../rate-limiting/index.js';

const IS_MEMBER = {
  name: 'workspaces is-member',
  text: 'SELECT FROM workspace_members WHERE workspace_id = $1 AND user_id = $2',
};

/** The members of workspaces, as their table has them. */
@Injectable()
export class WorkspaceMemberStore extends WorkspaceMembership {
  constructor(private readonly pool: SqlPool) {
    super();
  }

  override async has(workspaceId: string, user: UserId): Promise<boolean> {
    return (await this.pool.query(IS_MEMBER, [workspaceId, user])).length > 0;
  }
}
