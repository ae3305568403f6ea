import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DataSource } from 'typeorm';

import { ChangeFeed, RedisConnection } from '../database/index.js';

import { ChangeRecorder, LOGGED_CHANGES } from './adjustments/change-recorder.port.js';
import { QuotaGrants } from './adjustments/quota-grants.js';
import { QuotaResets } from './adjustments/quota-resets.js';
import { UnloggedChanges } from './adjustments/unlogged-changes.store.js';
import { HeardResets } from './adjustments/heard-resets.js';
import { BreakerStore } from './budgets/breaker.store.js';
import { BudgetsReader } from './budgets/budgets.reader.js';
import { CircuitBreaker } from './budgets/circuit-breaker.js';
import { SystemBudgets } from './budgets/system-budgets.js';
import { WarmCounters } from './counters/warm-counters.js';
import { MemoryCounterStore } from './counters/memory/memory-counter.store.js';
import { observedCounters, redisCounters } from './counters/redis-counters.js';
import { ReservationCountsStore } from './counters/redis/reservation-counts.store.js';
import { Clock } from './domain/clock.js';
import { CounterStore } from './domain/counters.js';
import { Ledger } from './ledger/ledger.port.js';
import { MinuteStore } from './ledger/minute.store.js';
import { PartitionStore } from './ledger/partition.store.js';
import { PostgresLedger } from './ledger/postgres.ledger.js';
import { NearLimitStore } from './ledger/near-limit.store.js';
import { ResourceMakers } from './ledger/resource-makers.store.js';
import { UsageReportStore } from './ledger/usage-report.store.js';
import { InstanceRoster } from './instances/instance-roster.store.js';
import { UserRowsStore } from './ledger/user-rows.store.js';
import { UsageRowsStore } from './ledger/usage-rows.store.js';
import { LimitResolver } from './limits/limit-resolver.js';
import { LimitsModule } from './limits/limits.module.js';
import { PlanLimitResolver } from './limits/plan-limit.resolver.js';
import { KeptReservations } from './kept-reservations.js';
import { LiveReservations } from './live-reservations.js';
import { MissedWindows } from './missed-windows.js';
import { RateLimitBinder } from './rate-limit.binder.js';
import { Reconciliation } from './reconciliation.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { RateLimitingService } from './rate-limiting.service.js';
import { RoomForecast } from './room-forecast.js';
import { Settlements } from './settlements.js';
import { StaleCounters } from './stale-counters.js';
import { Sweeper } from './sweeper.js';
import { Upkeep } from './upkeep.js';

const ADJUSTING: Provider[] = [
  {
    provide: LOGGED_CHANGES,
    inject: [{ token: ChangeRecorder, optional: true }, DataSource, ChangeFeed],
    useFactory: (host: ChangeRecorder | undefined, dataSource: DataSource, feed: ChangeFeed) =>
      host ?? new UnloggedChanges(dataSource, feed),
  },
  QuotaResets,
  HeardResets,
  QuotaGrants,
  Settlements,
];

const COUNTING: Provider = {
  provide: CounterStore,
  inject: [
    RedisConnection,
    InstanceRoster,
    LiveReservations,
    KeptReservations,
    ChangeFeed,
    Clock,
    RATE_LIMITING_OPTIONS,
  ],
  useFactory: counterStore,
};

const OBSERVING: Provider = {
  provide: CounterStore,
  inject: [RedisConnection, Clock],
  useFactory: (redis: RedisConnection, clock: Clock) =>
    redis.configured ? observedCounters(redis, clock) : new MemoryCounterStore(clock),
};

const BUDGETING: Provider[] = [BreakerStore, SystemBudgets, CircuitBreaker, BudgetsReader];

/** Whose calls wait for the ledger's database. */
const WAITING: Provider[] = [
  {
    provide: WarmCounters,
    inject: [CounterStore, Ledger, ChangeFeed],
    useFactory: (store: CounterStore, ledger: Ledger, { silence }: ChangeFeed) =>
      new WarmCounters(store, ledger, silence),
  },
  {
    provide: RoomForecast,
    inject: [Ledger, ChangeFeed, Clock, RATE_LIMITING_OPTIONS],
    useFactory: (ledger: Ledger, { silence }: ChangeFeed, clock: Clock, { timeZone }: RateLimitingOptions) =>
      new RoomForecast({ ledger, silence, clock, timeZone }),
  },
];

const PROVIDERS: Provider[] = [
  { provide: Ledger, useClass: PostgresLedger },
  { provide: LimitResolver, useClass: PlanLimitResolver },
  LiveReservations,
  KeptReservations,
  MissedWindows,
  InstanceRoster,
  MinuteStore,
  PartitionStore,
  ReservationCountsStore,
  ResourceMakers,
  UsageReportStore,
  UsageRowsStore,
  UserRowsStore,
  NearLimitStore,
  ...WAITING,
  RateLimitingService,
  RateLimitBinder,
  StaleCounters,
  Sweeper,
  Reconciliation,
  Upkeep,
  ...ADJUSTING,
  ...BUDGETING,
];

/** The heart: limits, counters, ledger, and the @RateLimit decorator that guards with them. */
@Global()
@Module({})
export class RateLimitingModule {
  static forRoot(options: RateLimitingOptions, clock: Clock): DynamicModule {
    return {
      module: RateLimitingModule,
      imports: [DiscoveryModule, LimitsModule],
      providers: [
        { provide: RATE_LIMITING_OPTIONS, useValue: options },
        { provide: Clock, useValue: clock },
        options.observing ? OBSERVING : COUNTING,
        ...PROVIDERS,
      ],
      exports: [
        RATE_LIMITING_OPTIONS,
        Clock,
        CounterStore,
        Ledger,
        LimitsModule,
        LimitResolver,
        InstanceRoster,
        KeptReservations,
        MinuteStore,
        PartitionStore,
        BudgetsReader,
        CircuitBreaker,
        QuotaGrants,
        QuotaResets,
        RateLimitingService,
        ReservationCountsStore,
        ResourceMakers,
        Sweeper,
        Settlements,
        UsageReportStore,
        UsageRowsStore,
        UserRowsStore,
        NearLimitStore,
      ],
    };
  }
}

async function counterStore(
  redis: RedisConnection,
  roster: InstanceRoster,
  live: LiveReservations,
  kept: KeptReservations,
  feed: ChangeFeed,
  clock: Clock,
  { reservationTtlMs }: RateLimitingOptions,
): Promise<CounterStore> {
  if (!redis.configured) return new MemoryCounterStore(clock);
  return redisCounters({ redis, roster, live, kept, feed, reservationTtlMs });
}
