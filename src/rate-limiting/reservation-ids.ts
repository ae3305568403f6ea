import { V7Generator } from 'uuidv7';

import { type ReservationId, reservationId } from './domain/ids.js';

const generator = new V7Generator();

/** A new UUIDv7 that carries `nowMs`: the reservation's id, the ledger row's key, and the row's time. */
export function newReservationId(nowMs: number): ReservationId {
  return reservationId(generator.generateOrResetWithTs(nowMs).toString());
}

/** The instant that a UUIDv7 carries, in milliseconds. */
export function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
