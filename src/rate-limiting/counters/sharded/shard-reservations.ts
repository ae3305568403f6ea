import { type CounterRef, type Hold } from '../../domain/counters.js';
import { type ReservationId } from '../../domain/ids.js';
import { type KeptReservations } from '../../kept-reservations.js';
import { type LiveReservations } from '../../live-reservations.js';
import { type HeldReservations } from '../redis/redis-epoch.js';

import { type HoldPart, partsOf, readPartId } from './hold-parts.js';

/** The reservations that live here, as far as one shard keeps them. */
export class ShardReservations implements HeldReservations {
  constructor(
    private readonly live: Pick<LiveReservations, 'holds' | 'has' | 'holdOf' | 'rehold'>,
    private readonly place: number,
    private readonly placeOfCounter: (counter: CounterRef) => number,
    private readonly keptHolds: Pick<KeptReservations, 'holds'>,
  ) {}

  async kept(): Promise<readonly Hold[]> {
    return (await this.keptHolds.holds()).flatMap((hold) => this.partOf(hold)?.hold ?? []);
  }

  holds(): Hold[] {
    return this.live.holds().flatMap((hold) => this.partOf(hold)?.hold ?? []);
  }

  has(id: ReservationId): boolean {
    return this.live.has(readPartId(id).id);
  }

  holdOf(id: ReservationId): Hold | undefined {
    const hold = this.live.holdOf(readPartId(id).id);
    return hold && this.partOf(hold)?.hold;
  }

  rehold(part: Hold): void {
    const hold = this.live.holdOf(readPartId(part.id).id);
    const indexes = hold && this.partOf(hold)?.indexes;
    if (!indexes) return;
    const counters = [...hold.counters];
    part.counters.forEach((held, at) => {
      const index = indexes[at];
      if (index !== undefined) counters[index] = held;
    });
    this.live.rehold({ ...hold, counters });
  }

  private partOf(hold: Hold): HoldPart | undefined {
    return partsOf(hold, ({ counter }) => this.placeOfCounter(counter)).find(
      ({ place }) => place === this.place,
    );
  }
}
