import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { type Hold } from './domain/counters.js';
import { type ReservationId } from './domain/ids.js';
import { HELD } from './rate-limiting.metrics.js';
import { type Reservation } from './reservation.js';

const LOOK_AGAIN_MS = 10;

/** Ends what the store holds; given what that is at the time it runs. Run again where that has changed meanwhile. */
export type EndInStore = (hold: Hold | undefined) => Promise<unknown>;

/** What a call delivers piece by piece, at the pace of whoever reads it. */
export interface UnreadStream {
  /** Whether somebody waits for its next item. */
  readonly isRead: boolean;
  /** How many items it gave. */
  readonly items: number;
  /** Ends it, and the reservation with it: what was delivered is paid, and nothing else. */
  abandon(): Promise<void>;
}

interface Open {
  readonly reservation: Reservation;
  /** Another one when the counters were lost and it was registered again. */
  hold: Hold | undefined;
  renewedAtMs: number;
  /** Asked to end: once, however often that is asked. */
  ending: Promise<void> | undefined;
  /** The call is over, but the store could not be told yet. */
  postponed: EndInStore | undefined;
  unread: Unread | undefined;
}

interface Unread {
  readonly stream: UnreadStream;
  items: number;
  sinceMs: number;
}

/**
 * The reservations that this process holds and has not ended yet. Each is ended once, however often that is asked. One
 * that the store could not be told of stays here, so that nobody takes it for the call of a dead process, and is ended
 * when the store is back.
 */
@Injectable()
export class LiveReservations implements OnApplicationShutdown {
  private readonly logger = new Logger(LiveReservations.name);
  private readonly open = new Map<ReservationId, Open>();
  private readonly stopTelling = HELD.readFrom(() => [{ labels: {}, value: this.open.size }]);

  onApplicationShutdown(): void {
    this.stopTelling();
  }

  add(reservation: Reservation): void {
    const { hold, reservedAtMs } = reservation;
    this.open.set(reservation.id, {
      reservation,
      hold,
      renewedAtMs: reservedAtMs,
      ending: undefined,
      postponed: undefined,
      unread: undefined,
    });
  }

  /** Another looks after it from now on. */
  handOver(id: ReservationId): void {
    this.open.delete(id);
  }

  has(id: ReservationId): boolean {
    return this.open.has(id);
  }

  /** Everything that the store holds for this process. */
  holds(): Hold[] {
    return [...this.open.values()].flatMap(({ hold }) => (hold ? [hold] : []));
  }

  /** What the store holds for one of them. */
  holdOf(id: ReservationId): Hold | undefined {
    return this.open.get(id)?.hold;
  }

  /** The store holds a reservation otherwise than it did. */
  rehold(hold: Hold): void {
    const open = this.open.get(hold.id);
    if (open) open.hold = hold;
  }

  /**
   * Ends a reservation, or joins the end under way; `undefined` where none of that id is open. What `before` does must
   * succeed; what it returns is done to the store, now or when that is back.
   */
  end(
    id: ReservationId,
    before: (reservation: Reservation) => Promise<EndInStore>,
  ): Promise<void> | undefined {
    const open = this.open.get(id);
    if (!open) return undefined;
    open.ending ??= this.run(open, before);
    return open.ending;
  }

  /** Ends what was postponed, where the store is back. A part of it may be while another is not: each is tried. */
  async retry(): Promise<void> {
    const ends = [...this.open.values()].flatMap((open) =>
      open.postponed ? [this.endInStore(open, open.postponed)] : [],
    );
    await Promise.all(ends);
  }

  /**
   * Pushes out the deadline of every reservation that was last renewed `olderThanMs` ago.
   * @throws what the first failure throws, when all have been tried: those that can be renewed are.
   */
  async renew(renew: (hold: Hold) => Promise<unknown>, nowMs: number, olderThanMs: number): Promise<void> {
    const due = [...this.open.values()].filter(({ renewedAtMs }) => nowMs - renewedAtMs >= olderThanMs);
    const renewals = due.map(async (open) => {
      if (open.hold) await renew(open.hold);
      open.renewedAtMs = nowMs;
    });
    const failed = (await Promise.allSettled(renewals)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** Looks after a stream: only whoever reads it can end it, and may never do so. */
  watch(id: ReservationId, stream: UnreadStream, nowMs: number): void {
    const open = this.open.get(id);
    if (open) open.unread = { stream, items: stream.items, sinceMs: nowMs };
  }

  /** Ends the streams that nobody has read from for `olderThanMs`; not waited for, since a ledger may be away. */
  endUnread(nowMs: number, olderThanMs: number): void {
    for (const open of this.open.values()) {
      const { unread, reservation } = open;
      if (!unread || !isUnread(unread, nowMs) || nowMs - unread.sinceMs < olderThanMs) continue;
      open.unread = undefined;
      const what = { reservation: reservation.id, operation: reservation.operation, items: unread.items };
      this.logger.warn(what, 'A stream that nobody reads is ended; what was read of it is charged.');
      unread.stream.abandon().catch((error: unknown) => {
        this.logger.error({ ...what, err: error }, 'A stream that nobody reads could not be settled.');
      });
    }
  }

  /** Resolves when no call is under way any more, or after so long; what only the store is yet to be told of does not count. */
  async allEnded(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const underWay = () => [...this.open.values()].some(({ postponed }) => !postponed);
    while (underWay() && performance.now() < deadline) await delay(LOOK_AGAIN_MS);
  }

  private async run(open: Open, before: (reservation: Reservation) => Promise<EndInStore>): Promise<void> {
    let end: EndInStore;
    try {
      end = await before(open.reservation);
    } catch (error) {
      this.open.delete(open.reservation.id);
      throw error;
    }
    await this.endInStore(open, end);
  }

  /**
   * Whoever waits for a lost store to open may find there that the hold was registered again, as another one: what was
   * ended then was no hold of this store, and the other would be swept as that of a dead process.
   */
  private async endHold(open: Open, end: EndInStore): Promise<void> {
    let hold: Hold | undefined;
    do {
      hold = open.hold;
      await end(hold);
    } while (open.hold !== hold);
  }

  private async endInStore(open: Open, end: EndInStore): Promise<boolean> {
    const { id } = open.reservation;
    try {
      await this.endHold(open, end);
      this.open.delete(id);
      return true;
    } catch (error) {
      if (!open.postponed)
        this.logger.warn(
          { err: error, reservation: id },
          'The store could not be told of the end of a call; it will be when it is back.',
        );
      open.postponed = end;
      return false;
    }
  }
}

/** Notes where a stream has got to. */
function isUnread(unread: Unread, nowMs: number): boolean {
  const { stream, items } = unread;
  if (!stream.isRead && stream.items === items) return true;
  unread.items = stream.items;
  unread.sinceMs = nowMs;
  return false;
}
