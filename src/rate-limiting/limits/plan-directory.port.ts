import { type Soon } from '../../database/index.js';
import { type ApiKeyId, type UserId } from '../domain/ids.js';
import { type LimitFields } from '../domain/limit.js';
import { type Schedule } from '../domain/period.js';

/** What a user's plan grants, before a RateLimit of the user's own. */
export interface PlanTerms {
  readonly planId: string;
  readonly limits: LimitFields;
  /** The most output tokens of one call; `null` where the plan sets none. */
  readonly maxOutputTokens: number | null;
  readonly quotaWindow: 'calendar' | 'rolling';
  readonly schedule: Schedule;
}

/** When one user's month turns. */
export interface UserSchedule {
  readonly userId: UserId;
  readonly schedule: Schedule;
}

/** Who knows the users' plans: the identity module here, the host's own in another application. */
export abstract class PlanDirectory {
  /**
   * The terms of a user, or `undefined` where there is no such user. Called for every metered call: keep it cached, and
   * give the same object again for as long as nothing has changed.
   */
  abstract termsOf(user: UserId): Soon<PlanTerms | undefined>;

  /** Whose an API key is: the key's month follows its owner's schedule. Without it a key follows who calls with it. */
  ownerOf?(key: ApiKeyId): Soon<UserId | undefined>;

  /** The users whose month does not turn with everybody's, for what is done to all at once. Without it nobody's does. */
  ownSchedules?(): Promise<readonly UserSchedule[]>;

  /** The users whose plan limits tokens in a rolling window, for what is done to all at once. Without it nobody's are. */
  rollingUsers?(): Promise<readonly UserId[]>;
}
