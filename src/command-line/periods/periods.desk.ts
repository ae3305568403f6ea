import { Injectable } from '@nestjs/common';

import { type ClosingDone, PeriodClosing } from '../../periods/index.js';

/** Closes periods. */
@Injectable()
export class PeriodsDesk {
  constructor(private readonly closing: PeriodClosing) {}

  /** What has ended and is not closed; what has ended lately is counted again. */
  close(): Promise<ClosingDone> {
    return this.closing.run({ again: true });
  }
}
