import { Injectable } from '@nestjs/common';

import { Clock, newReservationId } from '../../rate-limiting/index.js';
import { MessageLeases } from '../messages/message-leases.js';
import { type ClaimedMessage, MessageStore } from '../messages/message.store.js';

import { type ReceiverInput } from './message-queue.port.js';

/** Takes messages on for workers, each run under a reservation id of its own that is written down before anything is reserved. */
@Injectable()
export class MessageClaims {
  constructor(
    private readonly messages: MessageStore,
    private readonly leases: MessageLeases,
    private readonly clock: Clock,
  ) {}

  /** The workspace's next that is due, or the one with that id where it is; nothing where there is none. */
  take({ workspaceId, worker }: ReceiverInput, id?: string): Promise<ClaimedMessage | undefined> {
    const reservationId = newReservationId(this.clock.now());
    const { leaseMs } = this.leases;
    return this.messages.claim({
      workspaceId,
      worker,
      reservationId,
      leaseMs,
      ...(id !== undefined && { id }),
    });
  }
}
