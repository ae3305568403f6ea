import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { CodedError, validationFailed } from '../../errors.js';
import { WorkspaceMembership } from '../../identity/index.js';
import { type UserId } from '../../rate-limiting/index.js';

import { WorkerChanges } from './worker-changes.js';
import { type WorkerRow, WorkerSlotStore } from './worker-slot.store.js';

/** The workers of a workspace. */
export interface WorkspaceWorkers {
  readonly wanted: number;
  readonly workers: readonly WorkerRow[];
}

/** How many workers a workspace has, for its members. */
@Injectable()
export class WorkersService {
  constructor(
    private readonly slots: WorkerSlotStore,
    private readonly changes: WorkerChanges,
    private readonly memberships: WorkspaceMembership,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws CodedError `not_found` for a workspace that is not the user's; `validation_failed` for more than is allowed. */
  async scale(workspaceId: string, wanted: number, user: UserId): Promise<WorkspaceWorkers> {
    await this.requireMember(workspaceId, user);
    const { maxPerWorkspace } = this.settings.workers;
    if (wanted > maxPerWorkspace) {
      const message = `must not be greater than ${maxPerWorkspace} (WORKERS_MAX_PER_WORKSPACE)`;
      throw validationFailed([{ path: 'count', message }]);
    }
    await this.slots.scale(workspaceId, wanted);
    await this.changes.tell(workspaceId);
    return { wanted, workers: await this.slots.of(workspaceId) };
  }

  /** @throws CodedError `not_found` for a workspace that is not the user's. */
  async find(workspaceId: string, user: UserId): Promise<WorkspaceWorkers> {
    await this.requireMember(workspaceId, user);
    const [wanted, workers] = await Promise.all([
      this.slots.wantedIn(workspaceId),
      this.slots.of(workspaceId),
    ]);
    return { wanted, workers };
  }

  private async requireMember(workspaceId: string, user: UserId): Promise<void> {
    if (await this.memberships.has(workspaceId, user)) return;
    throw new CodedError('not_found', `There is no workspace ${workspaceId} of yours. Check the path.`);
  }
}
