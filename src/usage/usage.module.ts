import { Module } from '@nestjs/common';

import { UsageController } from './usage.controller.js';
import { UsageReader } from './usage.reader.js';
import { UsageRowsReader } from './usage-rows.reader.js';
import { DaysOfAll, DaysOfCaller } from './usage-days.rule.js';

/** What was used, for the one who used it; its readers serve the admin's reports too. */
@Module({
  controllers: [UsageController],
  providers: [UsageReader, UsageRowsReader, DaysOfAll, DaysOfCaller],
  exports: [UsageReader, UsageRowsReader],
})
export class UsageModule {}
