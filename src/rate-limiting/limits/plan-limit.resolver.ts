import { Inject, Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type Caller } from '../domain/caller.js';
import { type UserId } from '../domain/ids.js';
import { type Operation } from '../domain/operation.js';
import { type Schedule } from '../domain/period.js';
import { callerOfPot, workflowPotOf } from '../domain/workflow-pot.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { GrantStore } from './grant.store.js';
import { type CallTerms, LimitResolver } from './limit-resolver.js';
import { PlanDirectory, type PlanTerms } from './plan-directory.port.js';
import { RateLimitStore } from './rate-limit.store.js';
import { type LimitedSubject, type LimitOverride, resolveLimits } from './resolve-limits.js';
import { NO_ROLLING_DEFAULTS, rollingCounters, type RollingInput } from './rolling-limits.js';

/** Limits out of the user's plan and the RateLimits of user, API key, workspace and workflow, all of them cached. */
@Injectable()
export class PlanLimitResolver extends LimitResolver {
  constructor(
    private readonly plans: PlanDirectory,
    private readonly overrides: RateLimitStore,
    private readonly grants: GrantStore,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {
    super();
  }

  override async termsOf(caller: Caller, atMs: number, operation?: Operation): Promise<CallTerms> {
    const [plan, userOwn, grants, apiKey, rolling] = await Promise.all([
      caller.userId && this.planOf(caller.userId),
      caller.userId && this.overrides.find('user', caller.userId),
      caller.userId && this.grants.of(caller.userId),
      this.apiKeyOf(caller),
      this.rollingOf(caller),
    ]);
    const schedule = plan?.schedule ?? this.unownedSchedule();
    const isRolling = plan?.quotaWindow === 'rolling';
    const user = { inherited: plan?.limits, own: userOwn, grants, schedule, rolling: isRolling };
    const key = { own: apiKey.own, schedule: apiKey.schedule ?? schedule };
    const monthly = resolveLimits({ caller, user, apiKey: key, atMs, operation });
    const { counters, ahead } = rollingCounters({
      ...rolling,
      caller,
      user: isRolling ? user : undefined,
      defaults: this.options.rolling ?? NO_ROLLING_DEFAULTS,
      atMs,
      timeZone: this.options.timeZone,
    });
    return {
      counters: [...monthly, ...counters],
      ahead,
      maxOutputTokens: outputCapOf(plan || undefined),
      schedule,
    };
  }

  /** The RateLimits of a call's workspace and workflow. One of a workflow's own id holds for each of its pots. */
  private async rollingOf(caller: Caller): Promise<Pick<RollingInput, 'workspace' | 'workflow'>> {
    const { workspaceId, workflowId } = caller;
    if (workspaceId === undefined && workflowId === undefined) return {};
    const pot = workflowPotOf(caller);
    const isPlain = workflowId !== undefined && callerOfPot(workflowId) === undefined;
    const [workspace, ofPot, ofId] = await Promise.all([
      workspaceId === undefined ? undefined : this.overrides.find('workspace', workspaceId),
      pot === undefined ? undefined : this.overrides.find('workflow', pot),
      isPlain ? this.overrides.find('workflow', workflowId) : undefined,
    ]);
    return { workspace: present(workspace), workflow: present(ofPot, ofId) };
  }

  /** A key's own limits, and its owner's schedule where the owner is not the one who calls. */
  private async apiKeyOf({ userId, apiKeyId }: Caller): Promise<Partial<LimitedSubject>> {
    if (!apiKeyId) return {};
    const [own, owner] = await Promise.all([
      this.overrides.find('apiKey', apiKeyId),
      this.plans.ownerOf?.(apiKeyId),
    ]);
    return owner && owner !== userId ? { own, schedule: await this.scheduleOf(owner) } : { own };
  }

  private async planOf(user: UserId): Promise<PlanTerms> {
    const terms = await this.plans.termsOf(user);
    if (terms) return terms;
    throw new CodedError('not_found', `There is no user ${user} to charge. Check the id.`);
  }

  private async scheduleOf(user: UserId): Promise<Schedule> {
    return (await this.plans.termsOf(user))?.schedule ?? this.unownedSchedule();
  }

  private unownedSchedule(): Schedule {
    return { billingDay: 1, timeZone: this.options.timeZone };
  }
}

function present(...overrides: readonly (LimitOverride | undefined)[]): LimitOverride[] {
  return overrides.filter((override) => override !== undefined);
}

/** A plan's 0 is unlimited, as in every limit. */
function outputCapOf(plan: PlanTerms | undefined): number | null {
  return plan?.maxOutputTokens || null;
}
