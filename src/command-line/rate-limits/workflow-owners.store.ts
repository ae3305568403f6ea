import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool } from '../../database/index.js';
import { apiKeyId, type Caller, userId } from '../../rate-limiting/index.js';

const OWNERS = readSql({ scope: 'workflow', folder: join(__dirname, 'sql'), file: 'workflow-owners' });

interface OwnerRow {
  readonly workspace_id: string | null;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
}

/** Finds whose a workflow is: ids of workflows are anybody's to choose. */
@Injectable()
export class WorkflowOwnersStore {
  constructor(private readonly pool: SqlPool) {}

  /** Everybody who used a workflow of that id since a day. */
  async of(workflowId: string, firstDay: string): Promise<Caller[]> {
    const rows = await this.pool.query<OwnerRow>(OWNERS, [workflowId, firstDay]);
    return rows.map(({ workspace_id: workspace, user_id: user, api_key_id: key }) => ({
      workflowId,
      ...(workspace !== null && { workspaceId: workspace }),
      ...(user !== null && { userId: userId(user) }),
      ...(key !== null && { apiKeyId: apiKeyId(key) }),
    }));
  }
}
