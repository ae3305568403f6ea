import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';

import { AdminModule, QuotasModule, ReportsModule } from './admin/index.js';
import { ConfigModule, type ProcessRole, type Settings } from './config/index.js';
import { DatabaseModule } from './database/index.js';
import { GenerationModule } from './generation/index.js';
import { HttpModule } from './http/index.js';
import { IdentityModule } from './identity/index.js';
import { limitingOptions } from './limiting-options.js';
import { NotificationsModule } from './notifications/index.js';
import { ObservabilityModule } from './observability/index.js';
import { type Clock, RateLimitingModule } from './rate-limiting/index.js';
import { SessionsModule } from './sessions/index.js';
import { UsageModule } from './usage/index.js';
import { MessagesModule, WorkspacesModule } from './workspaces/index.js';

/** Everything, wired from the settings. */
@Module({})
export class AppModule {
  static with(settings: Settings, clock: Clock, role: ProcessRole = 'server'): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings, role),
        ScheduleModule.forRoot(),
        DatabaseModule,
        RateLimitingModule.forRoot(limitingOptions(settings), clock),
        IdentityModule,
        HttpModule,
        GenerationModule,
        UsageModule,
        WorkspacesModule,
        MessagesModule,
        SessionsModule,
        AdminModule,
        QuotasModule,
        NotificationsModule,
        ObservabilityModule,
        ReportsModule,
      ],
    };
  }
}
