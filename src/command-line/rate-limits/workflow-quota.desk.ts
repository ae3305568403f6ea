import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import {
  type Caller,
  type LimitState,
  type LimitView,
  limitView,
  RateLimitingService,
} from '../../rate-limiting/index.js';
import { UserFinder } from '../accounts/user.finder.js';
import { CurrentUsage, type LimitShown, limitShown, type UsageSource } from '../quotas/current-usage.js';

import { WorkflowOwnersStore } from './workflow-owners.store.js';

export interface WorkflowAsked {
  readonly workflowId: string;
  readonly workspaceId?: string | undefined;
  /** An id or an address. */
  readonly user?: string | undefined;
}

/** A workflow's quota within one workspace or user. */
export interface WorkflowQuota extends LimitView {
  readonly workspaceId: string | null;
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly enforcement: string;
  readonly windowStart: string;
  readonly windowEnd: string;
}

export interface WorkflowShown {
  readonly workflowId: string;
  readonly source: UsageSource;
  readonly items: readonly LimitShown<WorkflowQuota>[];
}

/** Looks at the quotas of a workflow. */
@Injectable()
export class WorkflowQuotaDesk {
  constructor(
    private readonly limiting: RateLimitingService,
    private readonly owners: WorkflowOwnersStore,
    private readonly users: UserFinder,
    private readonly current: CurrentUsage,
  ) {}

  /** @throws CodedError `not_found` where nothing counts such a workflow */
  async show(asked: WorkflowAsked): Promise<WorkflowShown> {
    const items: WorkflowQuota[] = [];
    for (const caller of await this.callersOf(asked)) {
      const limits = await this.limiting.getCurrentUsage(caller);
      items.push(
        ...limits.filter(({ subject }) => subject.kind === 'workflow').map((state) => shown(caller, state)),
      );
    }
    const { workflowId } = asked;
    if (items.length === 0) throw unused(asked);
    const source = await this.current.source();
    return { workflowId, source, items: items.map((item) => limitShown(item, source)) };
  }

  /** Who is asked for; where nobody is named, everybody who used it within the window. */
  private async callersOf({ workflowId, workspaceId, user }: WorkflowAsked): Promise<Caller[]> {
    if (workspaceId !== undefined) return [{ workflowId, workspaceId }];
    if (user !== undefined) return [{ workflowId, userId: (await this.users.find(user)).id }];
    return this.owners.of(workflowId);
  }
}

function shown({ workspaceId, userId, apiKeyId }: Caller, state: LimitState): WorkflowQuota {
  return {
    workspaceId: workspaceId ?? null,
    userId: userId ?? null,
    apiKeyId: apiKeyId ?? null,
    ...limitView(state),
    enforcement: state.enforcement,
    windowStart: new Date(state.window.startsAtMs).toISOString(),
    windowEnd: new Date(state.window.resetsAtMs).toISOString(),
  };
}

function unused({ workflowId, workspaceId, user }: WorkflowAsked): CodedError {
  const within = workspaceId ?? user;
  const where = within === undefined ? 'in this window' : `of ${within}`;
  return new CodedError(
    'not_found',
    `No quota counts a workflow ${workflowId} ${where}. Check the id; --workspace or --user shows one that was not used yet.`,
  );
}
