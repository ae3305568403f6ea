import { Injectable } from '@nestjs/common';

import { type Fault } from '../errors.js';
import { type InputRule } from '../input-rules.js';
import { currentCallContext } from '../rate-limiting/index.js';

import { type AskedDays } from './usage-days.js';
import { UsageRowsReader } from './usage-rows.reader.js';

/** The days of a report over all users make a range, today being the last unless said. */
@Injectable()
export class DaysOfAll implements InputRule<AskedDays> {
  readonly reads = ['from', 'to'];

  constructor(private readonly rows: UsageRowsReader) {}

  faultsIn(days: AskedDays): readonly Fault[] {
    return this.rows.faultsOfAll(days);
  }
}

/** As `DaysOfAll`, in the caller's own zone. */
@Injectable()
export class DaysOfCaller implements InputRule<AskedDays> {
  readonly reads = ['from', 'to'];

  constructor(private readonly rows: UsageRowsReader) {}

  async faultsIn(days: AskedDays): Promise<readonly Fault[]> {
    const userId = currentCallContext()?.caller?.userId;
    return userId === undefined ? [] : this.rows.faultsOfUser(userId, days);
  }
}
