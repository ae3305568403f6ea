import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { RedisConnection, StoresHealth, type StoresState } from '../../database/index.js';
import { ProviderRegistry } from '../../providers/index.js';
import {
  formatUsd,
  InstanceRoster,
  type ReservationCounts,
  ReservationCountsStore,
} from '../../rate-limiting/index.js';

export interface ProviderShown {
  readonly name: string;
  readonly baseUrl: string | null;
  readonly models: readonly string[];
  /** Requests a second that it is sent at most; null where nothing limits them. */
  readonly ratePerSec: number | null;
}

/** How limits are set and what they stand on. Null is what only a server without Redis knows. */
export interface StatusShown {
  readonly enabled: boolean;
  readonly storeFailure: 'closed' | 'open';
  readonly counters: 'redis' | 'memory';
  readonly stores: Pick<StoresState, 'postgres' | 'redis'>;
  readonly instances: number | null;
  readonly reservations: ReservationCounts | null;
  readonly quota: {
    readonly timeZone: string;
    readonly windowDays: number;
    readonly defaultDailyTokens: number;
    readonly enforcement: string;
  };
  readonly budgets: { readonly hourlyUsd: string; readonly circuitBreakerUsd: string };
  readonly routingPolicy: string;
  readonly providers: readonly ProviderShown[];
}

/** Looks at the limits' settings, stores and providers. */
@Injectable()
export class StatusDesk {
  constructor(
    private readonly health: StoresHealth,
    private readonly redis: RedisConnection,
    private readonly roster: InstanceRoster,
    private readonly counts: ReservationCountsStore,
    private readonly providers: ProviderRegistry,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async status(): Promise<StatusShown> {
    const { rateLimiting: limits, budgets, routing } = this.settings;
    const { postgres, redis } = await this.health.check();
    return {
      enabled: limits.enabled,
      storeFailure: limits.storeFailure,
      counters: this.redis.client ? 'redis' : 'memory',
      stores: { postgres, redis },
      instances: this.redis.client ? (await this.roster.alive()).length : null,
      reservations: redis === true ? ((await this.counts.count()) ?? null) : null,
      quota: {
        timeZone: limits.quotaTimezone,
        windowDays: limits.quotaWindowDays,
        defaultDailyTokens: limits.defaultDailyQuotaTokens,
        enforcement: limits.quotaEnforcement,
      },
      budgets: {
        hourlyUsd: formatUsd(budgets.hourlyNanoUsd),
        circuitBreakerUsd: formatUsd(budgets.circuitBreakerNanoUsd),
      },
      routingPolicy: routing.policy,
      providers: this.providersShown(),
    };
  }

  private providersShown(): ProviderShown[] {
    return this.providers.all().map((provider) => ({
      name: provider.name,
      baseUrl: provider.baseUrl ?? null,
      models: provider.models().map(({ name, alias }) => alias ?? name),
      ratePerSec: this.settings.providers.find(({ name }) => name === provider.name)?.ratePerSec ?? null,
    }));
  }
}
