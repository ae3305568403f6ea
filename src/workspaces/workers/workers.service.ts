import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { CodedError } from '../../errors.js';
import { type Principal } from '../../identity/index.js';
import { WorkspaceAccess } from '../members/workspace-access.js';

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
    private readonly access: WorkspaceAccess,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws CodedError `not_found` for a workspace that is not the caller's; `conflict` for more than its owner has left. */
  async scale(workspaceId: string, wanted: number, principal: Principal): Promise<WorkspaceWorkers> {
    await this.access.requireMember(workspaceId, principal);
    const { maxPerOwner } = this.settings.workers;
    const outcome = await this.slots.scale(workspaceId, { wanted, maxPerOwner });
    if (outcome.kind === 'full')
      throw new CodedError(
        'conflict',
        `All workspaces of one owner have at most ${maxPerOwner} workers together (WORKERS_MAX_PER_OWNER): ${outcome.room} are left for this one. Scale another one down first.`,
      );
    await this.changes.tell(workspaceId);
    return { wanted, workers: await this.slots.of(workspaceId) };
  }

  /** @throws CodedError `not_found` for a workspace that is not the caller's. */
  async find(workspaceId: string, principal: Principal): Promise<WorkspaceWorkers> {
    await this.access.requireMember(workspaceId, principal);
    const [wanted, workers] = await Promise.all([
      this.slots.wantedIn(workspaceId),
      this.slots.of(workspaceId),
    ]);
    return { wanted, workers };
  }
}
