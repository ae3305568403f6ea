import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';

import { AdminModule, QuotasModule, ReportsModule } from './admin/index.js';
import { ConfigModule, type Settings } from './config/index.js';
import { DatabaseModule } from './database/index.js';
import { GenerationModule } from './generation/index.js';
import { HttpModule } from './http/index.js';
import { IdentityModule } from './identity/index.js';
import { NotificationsModule } from './notifications/index.js';
import { type Clock, RateLimitingModule } from './rate-limiting/index.js';
import { UsageModule } from './usage/index.js';

/** Everything, wired from the settings. */
@Module({})
export class AppModule {
  static with(settings: Settings, clock: Clock): DynamicModule {
    const { enabled, storeFailure, reservationTtlSec, quotaTimezone, quotaWindowDays } =
      settings.rateLimiting;
    const limiting = {
      enabled,
      storeFailure,
      reservationTtlMs: reservationTtlSec * 1000,
      timeZone: quotaTimezone,
      rolling: {
        days: quotaWindowDays,
        maxTokens: settings.rateLimiting.defaultDailyQuotaTokens * quotaWindowDays,
        enforcement: settings.rateLimiting.quotaEnforcement,
      },
    };
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings),
        ScheduleModule.forRoot(),
        DatabaseModule,
        RateLimitingModule.forRoot(limiting, clock),
        IdentityModule,
        HttpModule,
        GenerationModule,
        UsageModule,
        AdminModule,
        QuotasModule,
        NotificationsModule,
        ReportsModule,
      ],
    };
  }
}
