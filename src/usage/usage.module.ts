import { Module } from '@nestjs/common';

import { UsageController } from './usage.controller.js';
import { UsageReader } from './usage.reader.js';

/** What was used, for the one who used it. */
@Module({ controllers: [UsageController], providers: [UsageReader] })
export class UsageModule {}
