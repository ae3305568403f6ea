import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
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
  constructor(
    private readonly credentials: CredentialStore,
    private readonly users: UserStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    super();
  }

  override async termsOf(id: UserId): Promise<PlanTerms | undefined> {
    const user = await this.credentials.user(id);
    if (!user?.plan) return undefined;
    return {
      planId: user.plan.id,
      limits: limitFieldsOf(user.plan),
      maxOutputTokens: user.plan.maxOutputTokens,
      quotaWindow: user.plan.quotaWindow,
      schedule: this.scheduleOf(user),
    };
  }

  override ownerOf(key: ApiKeyId): Promise<UserId | undefined> {
    return this.credentials.ownerOf(key);
  }

  override async ownSchedules(): Promise<readonly UserSchedule[]> {
    const users = await this.users.withOwnSchedule();
    return users.map((user) => ({ userId: userId(user.id), schedule: this.scheduleOf(user) }));
  }

  override async rollingUsers(): Promise<readonly UserId[]> {
    return (await this.users.onRollingPlans()).map(userId);
  }

  private scheduleOf({ billingDay, timezone }: Pick<UserRow, 'billingDay' | 'timezone'>): Schedule {
    return { billingDay: billingDay ?? 1, timeZone: timezone ?? this.settings.rateLimiting.quotaTimezone };
  }
}
