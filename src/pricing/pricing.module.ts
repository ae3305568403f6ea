import { Module } from '@nestjs/common';

import { SETTINGS, type Settings } from '../config/index.js';
import { Clock } from '../rate-limiting/index.js';
import { readPrices } from './price-list.js';
import { PriceTable } from './price-table.js';

/** What models cost. */
@Module({
  providers: [
    {
      provide: PriceTable,
      inject: [Clock, SETTINGS],
      useFactory: (clock: Clock, { pricing }: Settings) => new PriceTable(clock, readPrices(pricing.file)),
    },
  ],
  exports: [PriceTable],
})
export class PricingModule {}
