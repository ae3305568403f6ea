import { Inject, Injectable } from '@nestjs/common';

import { type Soon } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { type Caller } from '../domain/caller.js';
import { type UserId } from '../domain/ids.js';
import { type Counter } from '../domain/limit.js';
import { type Operation } from '../domain/operation.js';
import { type Schedule } from '../domain/period.js';
import { callerOfPot, workflowPotOf } from '../domain/workflow-pot.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { GrantStore } from './grant.store.js';
import { type Grant } from './grants.js';
import { type CallTerms, LimitResolver } from './limit-resolver.js';
import { PlanDirectory, type PlanTerms } from './plan-directory.port.js';
import { RateLimitStore } from './rate-limit.store.js';
import { RecentTerms, type TermsAsked } from './recent-terms.js';
import { type LimitOverride, resolveLimits } from './resolve-limits.js';
import { isRollingUser, NO_ROLLING_DEFAULTS, rollingCounters } from './rolling-limits.js';
import { sessionCounter } from './session-limit.js';

type Override = LimitOverride | undefined;

/** All that a caller's limits follow from, besides the time. */
type Facts = readonly [
  plan: PlanTerms | undefined,
  userOwn: Override,
  grants: readonly Grant[] | undefined,
  keyOwn: Override,
  /** Where the key's owner is not the one who calls. */
  keySchedule: Schedule | undefined,
  workspace: Override,
  workflowPot: Override,
  workflow: Override,
];

/** Limits out of the user's plan and the RateLimits of user, API key, workspace and workflow, all of them cached. */
@Injectable()
export class PlanLimitResolver extends LimitResolver {
  private readonly recent = new RecentTerms();
  private readonly unowned: Schedule;

  constructor(
    private readonly plans: PlanDirectory,
    private readonly overrides: RateLimitStore,
    private readonly grants: GrantStore,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {
    super();
    this.unowned = { billingDay: 1, timeZone: options.timeZone };
  }

  override termsOf(caller: Caller, atMs: number, operation?: Operation): Soon<CallTerms> {
    const facts = this.factsOf(caller);
    const asked = { caller, atMs, operation };
    return facts instanceof Promise
      ? facts.then((known) => this.termsFrom(known, asked))
      : this.termsFrom(facts, asked);
  }

  private factsOf(caller: Caller): Soon<Facts> {
    const { userId, apiKeyId, workspaceId, workflowId } = caller;
    const pot = workflowPotOf(caller);
    // A RateLimit of a workflow's own id holds for each of its pots.
    const isPlain = workflowId !== undefined && callerOfPot(workflowId) === undefined;
    return together<Facts>([
      userId && this.plans.termsOf(userId),
      userId && this.overrides.find('user', userId),
      userId && this.grants.of(userId),
      apiKeyId && this.overrides.find('apiKey', apiKeyId),
      this.keyScheduleOf(caller),
      workspaceId === undefined ? undefined : this.overrides.find('workspace', workspaceId),
      pot === undefined ? undefined : this.overrides.find('workflow', pot),
      isPlain ? this.overrides.find('workflow', workflowId) : undefined,
    ]);
  }

  private termsFrom(facts: Facts, asked: TermsAsked): CallTerms {
    const [plan, , grants] = facts;
    const { userId } = asked.caller;
    if (userId && !plan)
      throw new CodedError('not_found', `There is no user ${userId} to charge. Check the id.`);
    // A grant ends at its instant.
    if (grants && grants.length > 0) return this.resolve(facts, asked);
    return this.recent.of(asked, facts, () => this.resolve(facts, asked));
  }

  private resolve(facts: Facts, asked: TermsAsked): CallTerms {
    const [plan, userOwn, grants, keyOwn, keySchedule, workspace, workflowPot, workflow] = facts;
    const schedule = plan?.schedule ?? this.unowned;
    const rolling = plan?.quotaWindow === 'rolling';
    const user = { inherited: plan?.limits, own: userOwn, grants, schedule, rolling };
    const apiKey = { own: keyOwn, schedule: keySchedule ?? schedule };
    const monthly = resolveLimits({ ...asked, user, apiKey });
    const { counters, ahead } = rollingCounters({
      caller: asked.caller,
      user: isRollingUser(user) ? user : undefined,
      workspace: present(workspace),
      workflow: present(workflowPot, workflow),
      defaults: this.options.rolling ?? NO_ROLLING_DEFAULTS,
      atMs: asked.atMs,
      timeZone: this.options.timeZone,
    });
    // A plan's 0 is unlimited, as in every limit.
    const maxOutputTokens = plan?.maxOutputTokens || null;
    const all = [...monthly, ...counters, ...this.sessionCounters(asked.caller)];
    return { counters: all, ahead, maxOutputTokens, schedule };
  }

  private sessionCounters({ sessionId }: Caller): Counter[] {
    const { session } = this.options;
    return session && sessionId !== undefined ? [sessionCounter(sessionId, session)] : [];
  }

  private keyScheduleOf({ userId, apiKeyId }: Caller): Soon<Schedule | undefined> {
    const owner = apiKeyId && this.plans.ownerOf?.(apiKeyId);
    const scheduleOf = (id: UserId | undefined) => (id && id !== userId ? this.scheduleOf(id) : undefined);
    return owner instanceof Promise ? owner.then(scheduleOf) : scheduleOf(owner);
  }

  private scheduleOf(user: UserId): Soon<Schedule> {
    const terms = this.plans.termsOf(user);
    const scheduleIn = (known: PlanTerms | undefined) => known?.schedule ?? this.unowned;
    return terms instanceof Promise ? terms.then(scheduleIn) : scheduleIn(terms);
  }
}

function present(...overrides: readonly Override[]): LimitOverride[] {
  return overrides.filter((override) => override !== undefined);
}

type Parts<All extends readonly unknown[]> = { readonly [Index in keyof All]: Soon<All[Index]> };

/** All of them: at once where none has to be waited for. */
function together<All extends readonly unknown[]>(parts: Parts<All>): Soon<All>;
function together(parts: readonly unknown[]): Soon<readonly unknown[]> {
  return parts.some((part) => part instanceof Promise) ? Promise.all(parts) : parts;
}
