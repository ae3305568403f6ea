import { join } from 'node:path';

import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { readSql, SqlPool } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { apiKeyId, type Caller, Clock, dayAt, userId } from '../../rate-limiting/index.js';

const OWNERS = readSql({ scope: 'workflow', folder: join(__dirname, 'sql'), file: 'workflow-owners' });

interface OwnerRow {
  readonly workspace_id: string | null;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
}

const DAY_MS = 86_400_000;
const MOST = 1_000;

/** Finds whose a workflow is: ids of workflows are anybody's to choose. */
@Injectable()
export class WorkflowOwnersStore {
  constructor(
    private readonly pool: SqlPool,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Everybody who used a workflow of that id within the window of its quota. @throws CodedError where they are too many */
  async of(workflowId: string): Promise<Caller[]> {
    const { quotaWindowDays, quotaTimezone } = this.settings.rateLimiting;
    const firstDay = dayAt(this.clock.now() - quotaWindowDays * DAY_MS, quotaTimezone);
    const rows = await this.pool.query<OwnerRow>(OWNERS, [workflowId, firstDay, MOST + 1]);
    if (rows.length > MOST) throw tooMany(workflowId);
    return rows.map(({ workspace_id: workspace, user_id: user, api_key_id: key }) => ({
      workflowId,
      ...(workspace !== null && { workspaceId: workspace }),
      ...(user !== null && { userId: userId(user) }),
      ...(key !== null && { apiKeyId: apiKeyId(key) }),
    }));
  }
}

function tooMany(workflowId: string): CodedError {
  return new CodedError(
    'validation_failed',
    `More than ${MOST} users and workspaces have a workflow ${workflowId}: say whose with --workspace or --user.`,
  );
}
