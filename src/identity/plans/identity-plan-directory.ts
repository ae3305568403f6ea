import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { type Soon } from '../../database/index.js';
import {
  type ApiKeyId,
  limitFieldsOf,
  PlanDirectory,
  type PlanTerms,
  type Schedule,
  type UserId,
  userId,
  type UserSchedule,
} from '../../rate-limiting/index.js';
import { CredentialStore } from '../access/credential.store.js';
import { type UserRow } from '../users/user.entity.js';
import { UserStore } from '../users/user.store.js';

/** What the users' plans grant, out of the same cache that tells who is calling. */
@Injectable()
export class IdentityPlanDirectory extends PlanDirectory {
  private readonly terms = new WeakMap<UserRow, PlanTerms>();

  constructor(
    private readonly credentials: CredentialStore,
    private readonly users: UserStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    super();
  }

  override termsOf(id: UserId): Soon<PlanTerms | undefined> {
    const user = this.credentials.user(id);
    return user instanceof Promise ? user.then((found) => this.termsFor(found)) : this.termsFor(user);
  }

  override ownerOf(key: ApiKeyId): Soon<UserId | undefined> {
    return this.credentials.ownerOf(key);
  }

  override async ownSchedules(): Promise<readonly UserSchedule[]> {
    const users = await this.users.withOwnSchedule();
    return users.map((user) => ({ userId: userId(user.id), schedule: this.scheduleOf(user) }));
  }

  override async rollingUsers(): Promise<readonly UserId[]> {
    return (await this.users.onRollingPlans()).map(userId);
  }

  /** The same object for the same row, as long as that is cached. */
  private termsFor(user: UserRow | undefined): PlanTerms | undefined {
    if (!user?.plan) return undefined;
    const known = this.terms.get(user);
    if (known) return known;
    const terms = {
      planId: user.plan.id,
      limits: limitFieldsOf(user.plan),
      maxOutputTokens: user.plan.maxOutputTokens,
      quotaWindow: user.plan.quotaWindow,
      schedule: this.scheduleOf(user),
    };
    this.terms.set(user, terms);
    return terms;
  }

  private scheduleOf({ billingDay, timezone }: Pick<UserRow, 'billingDay' | 'timezone'>): Schedule {
    return { billingDay: billingDay ?? 1, timeZone: timezone ?? this.settings.rateLimiting.quotaTimezone };
  }
}
