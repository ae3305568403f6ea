import { Injectable } from '@nestjs/common';

import { type Hold } from './domain/counters.js';
import { type ReservationId } from './domain/ids.js';

/** `running`: its work goes on, whoever does it. `free`: its work has ended and costs nothing. */
export type KeptFate = 'running' | 'free';

/**
 * Who writes reservations down together with the work that they are for, so that both outlive their process: jobs that
 * any instance may go on with.
 */
export interface ReservationKeeper {
  /** What became of them. Left out are those of others, and those whose ledger row tells. */
  fatesOf(ids: readonly ReservationId[]): Promise<ReadonlyMap<ReservationId, KeptFate>>;
  /** What is held for all work that goes on. */
  holds(): Promise<readonly Hold[]>;
}

/**
 * The reservations that belong to no process. The sweeper of any instance pushes out those whose work goes on and gives
 * back those whose work came to nothing; where the counters are lost, every instance registers them again.
 */
@Injectable()
export class KeptReservations {
  private readonly keepers = new Set<ReservationKeeper>();

  /** From now on its reservations are looked after. */
  keptBy(keeper: ReservationKeeper): void {
    this.keepers.add(keeper);
  }

  /** `undefined` for one that nobody keeps. @throws what its keeper throws, where that cannot be asked. */
  async fateOf(id: ReservationId): Promise<KeptFate | undefined> {
    for (const keeper of this.keepers) {
      const fate = (await keeper.fatesOf([id])).get(id);
      if (fate) return fate;
    }
    return undefined;
  }

  async holds(): Promise<readonly Hold[]> {
    const holds = await Promise.all([...this.keepers].map((keeper) => keeper.holds()));
    return holds.flat();
  }
}

/**
 * A hold as it is registered again: its counters are yet to be loaded, so that their version is none, and settling it has
 * them read anew.
 */
export function asRestored(hold: Hold): Hold {
  return { ...hold, counters: hold.counters.map((held) => ({ ...held, version: 0 })) };
}
