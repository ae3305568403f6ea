import { Inject, Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type Caller } from '../domain/caller.js';
import { type UserId } from '../domain/ids.js';
import { type Operation } from '../domain/operation.js';
import { type Schedule } from '../domain/period.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { GrantStore } from './grant.store.js';
import { type CallTerms, LimitResolver } from './limit-resolver.js';
import { PlanDirectory, type PlanTerms } from './plan-directory.port.js';
import { RateLimitStore } from './rate-limit.store.js';
import { type LimitedSubject, resolveLimits } from './resolve-limits.js';

/** Limits out of the user's plan and the RateLimits of user and API key, all of them cached. */
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
    const [plan, userOwn, grants, apiKey] = await Promise.all([
      caller.userId && this.planOf(caller.userId),
      caller.userId && this.overrides.find('user', caller.userId),
      caller.userId && this.grants.of(caller.userId),
      this.apiKeyOf(caller),
    ]);
    const schedule = plan?.schedule ?? this.unownedSchedule();
    const counters = resolveLimits({
      caller,
      user: { inherited: plan?.limits, own: userOwn, grants, schedule },
      apiKey: { own: apiKey.own, schedule: apiKey.schedule ?? schedule },
      atMs,
      operation,
    });
    // A plan's 0 is unlimited, as in every limit.
    return { counters, maxOutputTokens: plan?.maxOutputTokens || null, schedule };
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
