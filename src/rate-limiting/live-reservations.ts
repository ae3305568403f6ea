import { type ReservationId } from './domain/ids.js';
import { type Reservation } from './reservation.js';

/** The reservations that this process holds and has not ended yet. Each is ended once, however often that is asked. */
export class LiveReservations {
  private readonly open = new Map<ReservationId, Reservation>();
  private readonly ending = new Map<ReservationId, Promise<void>>();

  add(reservation: Reservation): void {
    this.open.set(reservation.id, reservation);
  }

  /** Ends a reservation by `end`, or joins the end under way; `undefined` where none of that id is open. */
  end(id: ReservationId, end: (reservation: Reservation) => Promise<void>): Promise<void> | undefined {
    const underWay = this.ending.get(id);
    if (underWay) return underWay;
    const reservation = this.open.get(id);
    if (!reservation) return undefined;
    const ending = end(reservation).finally(() => {
      this.open.delete(id);
      this.ending.delete(id);
    });
    this.ending.set(id, ending);
    return ending;
  }

  get size(): number {
    return this.open.size;
  }
}
