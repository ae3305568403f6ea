import { Module } from '@nestjs/common';

import { Clock } from '../rate-limiting/index.js';
import { PriceTable } from './price-table.js';

/** What models cost. */
@Module({
  providers: [{ provide: PriceTable, inject: [Clock], useFactory: (clock: Clock) => new PriceTable(clock) }],
  exports: [PriceTable],
})
export class PricingModule {}
