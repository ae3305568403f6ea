import { Injectable } from '@nestjs/common';

import { InstanceRoster, type ReservationCounts, ReservationCountsStore } from '../../rate-limiting/index.js';

/** The servers that share a Redis. */
export interface ServersShown {
  readonly instances: number;
  readonly reservations: ReservationCounts;
}

/** Looks at the servers that run. */
@Injectable()
export class ServersNow {
  constructor(
    private readonly roster: InstanceRoster,
    private readonly counts: ReservationCountsStore,
  ) {}

  /** Nothing without Redis, and where no server counts in it: a server with counters in its memory knows its calls alone. */
  async look(): Promise<ServersShown | undefined> {
    const reservations = await this.counts.count();
    if (!reservations) return undefined;
    return { instances: (await this.roster.alive()).length, reservations };
  }
}
