import { type FeedState, FreshCache, type Soon } from '../database/index.js';
import {
  type LimitFields,
  NO_LIMITS,
  PlanDirectory,
  type PlanTerms,
  type UserId,
} from '../rate-limiting/index.js';

/** What the host asks about a user once a second at most: its answer holds for as long. */
const KEPT_MS = 1_000;
const MOST_USERS = 100_000;

/** What one user may use: 0 is unlimited, and so is what is left out. */
export interface HostLimits extends Partial<LimitFields> {
  /** Names the plan in reports. */
  readonly planId?: string;
  /** The most output tokens of one call. */
  readonly maxOutputTokens?: number;
  /** `rolling`: tokens are counted over the last 30 days instead of the month. */
  readonly quotaWindow?: PlanTerms['quotaWindow'];
  /** The day on which the user's month turns; the 1st without it. */
  readonly billingDay?: number;
  readonly timeZone?: string;
}

/** What a user may use; `undefined` where there is no such user: its calls are refused. */
export type LimitsOf = (user: UserId) => Soon<HostLimits | undefined>;

/** Limits out of a function of the host's, asked once a second for a user at most. */
export class HostPlanDirectory extends PlanDirectory {
  private readonly cache: FreshCache<UserId, PlanTerms | undefined>;
  private readonly terms = new WeakMap<HostLimits, PlanTerms>();

  constructor(
    private readonly limitsOf: LimitsOf,
    private readonly timeZone: string,
    feed: FeedState,
  ) {
    super();
    this.cache = new FreshCache(feed, { maxEntries: MOST_USERS, maxAgeMs: KEPT_MS });
  }

  override termsOf(user: UserId): Soon<PlanTerms | undefined> {
    return this.cache.get(user, async () => this.termsFor(await this.limitsOf(user)));
  }

  /** The same terms for the same answer, so that what follows from them is kept. */
  private termsFor(given: HostLimits | undefined): PlanTerms | undefined {
    if (!given) return undefined;
    const known = this.terms.get(given);
    if (known) return known;
    const {
      planId = 'host',
      maxOutputTokens,
      quotaWindow = 'calendar',
      billingDay,
      timeZone,
      ...own
    } = given;
    const terms: PlanTerms = {
      planId,
      limits: { ...NO_LIMITS, ...own },
      maxOutputTokens: maxOutputTokens ?? null,
      quotaWindow,
      schedule: { billingDay: billingDay ?? 1, timeZone: timeZone ?? this.timeZone },
    };
    this.terms.set(given, terms);
    return terms;
  }
}
