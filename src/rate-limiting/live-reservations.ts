import { Injectable } from '@nestjs/common';

import { type Hold } from './domain/counters.js';
import { type ReservationId } from './domain/ids.js';
import { type Reservation } from './reservation.js';

interface Open {
  readonly reservation: Reservation;
  /** Another one when the counters were lost and it was registered again. */
  hold: Hold | undefined;
  renewedAtMs: number;
}

/** The reservations that this process holds and has not ended yet. Each is ended once, however often that is asked. */
@Injectable()
export class LiveReservations {
  private readonly open = new Map<ReservationId, Open>();
  private readonly ending = new Map<ReservationId, Promise<void>>();

  add(reservation: Reservation): void {
    this.open.set(reservation.id, {
      reservation,
      hold: reservation.hold,
      renewedAtMs: reservation.reservedAtMs,
    });
  }

  has(id: ReservationId): boolean {
    return this.open.has(id);
  }

  get size(): number {
    return this.open.size;
  }

  /** What the store holds for a reservation now. */
  holdOf(id: ReservationId): Hold | undefined {
    return this.open.get(id)?.hold;
  }

  /** Everything that the store holds for this process. */
  holds(): Hold[] {
    return [...this.open.values()].flatMap(({ hold }) => (hold ? [hold] : []));
  }

  /** The store holds a reservation otherwise than it did. */
  rehold(hold: Hold): void {
    const open = this.open.get(hold.id);
    if (open) open.hold = hold;
  }

  /** Ends a reservation by `end`, or joins the end under way; `undefined` where none of that id is open. */
  end(id: ReservationId, end: (reservation: Reservation) => Promise<void>): Promise<void> | undefined {
    const underWay = this.ending.get(id);
    if (underWay) return underWay;
    const open = this.open.get(id);
    if (!open) return undefined;
    const ending = end(open.reservation).finally(() => {
      this.open.delete(id);
      this.ending.delete(id);
    });
    this.ending.set(id, ending);
    return ending;
  }

  /** Pushes out the deadline of every reservation that was last renewed `olderThanMs` ago. */
  async renew(renew: (hold: Hold) => Promise<unknown>, nowMs: number, olderThanMs: number): Promise<void> {
    for (const open of this.open.values()) {
      const { hold } = open;
      if (!hold || nowMs - open.renewedAtMs < olderThanMs) continue;
      await renew(hold);
      open.renewedAtMs = nowMs;
    }
  }
}
