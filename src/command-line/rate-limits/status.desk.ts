import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { StoresHealth, type StoresState } from '../../database/index.js';
import {
  type BreakerState,
  CircuitBreaker,
  formatUsd,
  type ReservationCounts,
} from '../../rate-limiting/index.js';

import { type ProviderShown, ProviderStandings } from './provider-standings.js';
import { ServersNow } from './servers-now.js';

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
  readonly budgets: {
    readonly hourlyUsd: string;
    readonly circuitBreakerUsd: string;
    /** Null where Postgres does not answer. */
    readonly circuitBreaker: BreakerState['kind'] | null;
  };
  readonly routingPolicy: string;
  readonly providers: readonly ProviderShown[];
}

/** Looks at the limits' settings, stores and providers. */
@Injectable()
export class StatusDesk {
  constructor(
    private readonly stores: StoresHealth,
    private readonly servers: ServersNow,
    private readonly providers: ProviderStandings,
    private readonly breaker: CircuitBreaker,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async status(): Promise<StatusShown> {
    const { rateLimiting, routing, stores } = this.settings;
    const { postgres, redis } = await this.stores.check();
    const servers = redis === true ? await this.servers.look() : undefined;
    return {
      enabled: rateLimiting.enabled,
      storeFailure: rateLimiting.storeFailure,
      counters: stores.redisUrl === undefined ? 'memory' : 'redis',
      stores: { postgres, redis },
      instances: servers?.instances ?? null,
      reservations: servers?.reservations ?? null,
      ...this.limits(postgres ? (await this.breaker.state()).kind : null),
      routingPolicy: routing.policy,
      providers: await this.providers.look(redis === true),
    };
  }

  private limits(circuitBreaker: BreakerState['kind'] | null): Pick<StatusShown, 'quota' | 'budgets'> {
    const { rateLimiting, budgets } = this.settings;
    return {
      quota: {
        timeZone: rateLimiting.quotaTimezone,
        windowDays: rateLimiting.quotaWindowDays,
        defaultDailyTokens: rateLimiting.defaultDailyQuotaTokens,
        enforcement: rateLimiting.quotaEnforcement,
      },
      budgets: {
        hourlyUsd: formatUsd(budgets.hourlyNanoUsd),
        circuitBreakerUsd: formatUsd(budgets.circuitBreakerNanoUsd),
        circuitBreaker,
      },
    };
  }
}
