import { Module } from '@nestjs/common';

import { UsageModule } from '../../usage/index.js';

import { ReportsController } from './reports.controller.js';
import { UserUsageController } from './user-usage.controller.js';

/** What all users used, for the admin. */
@Module({ imports: [UsageModule], controllers: [ReportsController, UserUsageController] })
export class ReportsModule {}
