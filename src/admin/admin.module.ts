import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { RatedRoutes } from '../http/index.js';
import { EndpointRatesHold } from './plans/endpoint-rates.rule.js';

import { IdentityModule } from '../identity/index.js';
import { MediaModule } from '../media/index.js';
import { ProvidersModule } from '../providers/index.js';
import { LimitsModule } from '../rate-limiting/index.js';

import { AuditController } from './audit/audit.controller.js';
import { ApiKeyLimitsController } from './limits/api-key-limits.controller.js';
import { LimitedSubjects } from './limits/limited-subjects.js';
import { LimitsService } from './limits/limits.service.js';
import { UserLimitsController } from './limits/user-limits.controller.js';
import { WorkflowLimitsController } from './limits/workflow-limits.controller.js';
import { WorkspaceLimitsController } from './limits/workspace-limits.controller.js';
import { MediaController } from './media/media.controller.js';
import { PlansController } from './plans/plans.controller.js';
import { PlansService } from './plans/plans.service.js';
import { ProvidersController } from './providers/providers.controller.js';
import { UserApiKeysController } from './users/user-api-keys.controller.js';
import { UsersController } from './users/users.controller.js';

/** The admin's hand on plans, users, keys and limits, and the look at providers and media. */
@Module({
  imports: [DiscoveryModule, IdentityModule, LimitsModule, MediaModule, ProvidersModule],
  controllers: [
    PlansController,
    UsersController,
    UserApiKeysController,
    UserLimitsController,
    ApiKeyLimitsController,
    WorkspaceLimitsController,
    WorkflowLimitsController,
    AuditController,
    ProvidersController,
    MediaController,
  ],
  providers: [PlansService, RatedRoutes, EndpointRatesHold, LimitsService, LimitedSubjects],
})
export class AdminModule {}
