import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { type Settings, SETTINGS } from '../config/index.js';
import {
  type Caller,
  Clock,
  type LimitsMet,
  type LimitState,
  RateLimitingService,
  Settlements,
} from '../rate-limiting/index.js';

import { NotificationStore } from './notification.store.js';
import { WebhookCourier } from './webhook.courier.js';

const THRESHOLDS = [80, 100] as const;
const MOST_REMEMBERED = 50_000;

/**
 * Notes when a monthly limit passes 80 % or 100 %. A settlement knows its limits as they were when it was reserved; where
 * that comes near, the counters are read, behind the call. Whom calls in flight may carry past a threshold is looked at
 * again at the next settlement.
 */
@Injectable()
export class ThresholdWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ThresholdWatcher.name);
  private readonly near = new Set<string>();
  private readonly told = new Set<string>();
  private readonly checking = new Map<string, { again: boolean }>();
  private stop: () => void = () => undefined;

  constructor(
    private readonly settlements: Settlements,
    private readonly limiting: RateLimitingService,
    private readonly store: NotificationStore,
    private readonly courier: WebhookCourier,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.stop = this.settlements.onLimitsMet((met) => {
      this.look(met);
    });
  }

  onModuleDestroy(): void {
    this.stop();
  }

  private look({ caller, limits }: LimitsMet): void {
    const key = `${caller.userId ?? ''}/${caller.apiKeyId ?? ''}`;
    if (!this.near.has(key) && !limits.some((limit) => this.isNews(limit, limit.used + limit.reserved)))
      return;
    const underWay = this.checking.get(key);
    if (underWay) underWay.again = true;
    else void this.check(key, caller);
  }

  /** One check of a caller at a time; what is met meanwhile asks for one more. */
  private async check(key: string, caller: Caller): Promise<void> {
    const state = { again: false };
    this.checking.set(key, state);
    try {
      do {
        state.again = false;
        await this.note(key, caller);
      } while (state.again as boolean);
    } catch (error) {
      this.logger.warn({ err: error }, 'A notification could not be noted; the next call tries again.');
    } finally {
      this.checking.delete(key);
    }
  }

  private async note(key: string, { userId, apiKeyId }: Caller): Promise<void> {
    const caller = { ...(userId && { userId }), ...(apiKeyId && { apiKeyId }) };
    const limits = await this.limiting.getCurrentUsage(caller);
    let inFlight = false;
    for (const limit of limits) {
      for (const percent of this.untold(limit, limit.used)) await this.tell(limit, percent, userId);
      inFlight ||= this.isNews(limit, limit.used + limit.reserved);
    }
    if (inFlight) this.near.add(key);
    else this.near.delete(key);
  }

  private async tell(limit: LimitState, thresholdPercent: number, userId?: string): Promise<void> {
    const deliver = this.settings.notifications.webhook !== undefined;
    const nowMs = this.clock.now();
    const fresh = await this.store.add(limit, { userId, thresholdPercent, nowMs, deliver });
    if (this.told.size >= MOST_REMEMBERED) this.told.clear();
    this.told.add(toldKey(limit, thresholdPercent));
    if (!fresh) return;
    const { name, subject, used, max } = limit;
    this.logger.log({ limit: name, subject, used, max }, `A monthly limit is ${thresholdPercent} % used.`);
    if (deliver) this.courier.wake();
  }

  private isNews(limit: LimitState, amount: number): boolean {
    return this.untold(limit, amount).length > 0;
  }

  private untold(limit: LimitState, amount: number): number[] {
    if (amount * 100 < limit.max * THRESHOLDS[0]) return [];
    if (limit.max === 0 || limit.window.kind !== 'month' || limit.enforcement === 'shadow') return [];
    return THRESHOLDS.filter(
      (percent) => amount * 100 >= limit.max * percent && !this.told.has(toldKey(limit, percent)),
    );
  }
}

function toldKey({ subject, name, window }: LimitState, percent: number): string {
  return `${subject.id}/${name}/${window.name}/${percent}`;
}
