import { type DynamicModule, Module } from '@nestjs/common';

import { ConfigModule } from '../config/index.js';
import { ChangeFeed, DatabaseModule } from '../database/index.js';
import { PlanDirectory, RateLimitingModule as Heart, SystemClock } from '../rate-limiting/index.js';

import { HostPlanDirectory } from './host-limits.js';
import { type HostOptions, settingsOf } from './host-options.js';

/** Who knows the users' limits: the host. */
@Module({})
class HostPlansModule {
  static of({ limits }: HostOptions, timeZone: string): DynamicModule {
    return {
      module: HostPlansModule,
      global: true,
      providers: [
        {
          provide: PlanDirectory,
          inject: [ChangeFeed],
          useFactory: (feed: ChangeFeed) =>
            limits instanceof PlanDirectory ? limits : new HostPlanDirectory(limits, timeZone, feed),
        },
      ],
      exports: [PlanDirectory],
    };
  }
}

/**
 * The heart in another Nest application: import `RateLimitingModule.forRoot(…)` once, in its root module. It brings its
 * stores along, migrates the database when it starts, binds every `@RateLimit`, and gives `RateLimitingService` to all
 * modules.
 */
@Module({})
export class RateLimitingModule {
  /** @throws Error that lists every fault of the options */
  static forRoot(options: HostOptions): DynamicModule {
    const settings = settingsOf(options);
    const { enabled, storeFailure, reservationTtlSec, quotaTimezone } = settings.rateLimiting;
    const limiting = {
      enabled,
      storeFailure,
      reservationTtlMs: reservationTtlSec * 1000,
      timeZone: quotaTimezone,
      ...(options.rolling && { rolling: options.rolling }),
      ...(options.budgets && { budgets: options.budgets }),
    };
    // The stores first: Nest closes them last.
    return {
      module: RateLimitingModule,
      imports: [
        ConfigModule.forRoot(settings),
        DatabaseModule,
        Heart.forRoot(limiting, options.clock ?? new SystemClock()),
        HostPlansModule.of(options, quotaTimezone),
      ],
    };
  }
}
