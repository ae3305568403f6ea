import { Module } from '@nestjs/common';

import { PeriodClosing } from './period-closing.job.js';
import { PeriodStore } from './period.store.js';

/** What is done when a month has ended. */
@Module({ providers: [PeriodStore, PeriodClosing], exports: [PeriodStore, PeriodClosing] })
export class PeriodsModule {}
