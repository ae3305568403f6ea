import { Injectable, type OnModuleInit } from '@nestjs/common';

import {
  type Hold,
  type KeptFate,
  KeptReservations,
  type ReservationId,
  type ReservationKeeper,
} from '../../rate-limiting/index.js';

import { MessageLeases } from './message-leases.js';
import { MessageStore } from './message.store.js';

/** Tells the heart what became of the runs of messages, whatever process made them. */
@Injectable()
export class MessageReservations implements ReservationKeeper, OnModuleInit {
  constructor(
    private readonly messages: MessageStore,
    private readonly leases: MessageLeases,
    private readonly kept: KeptReservations,
  ) {}

  onModuleInit(): void {
    this.kept.keptBy(this);
  }

  fatesOf(ids: readonly ReservationId[]): Promise<ReadonlyMap<ReservationId, KeptFate>> {
    return this.messages.fatesOf(ids, this.leases.leaseMs);
  }

  /** A run that is not answered holds for its process, which registers that itself. */
  holds(): Promise<readonly Hold[]> {
    return this.messages.holdsOfAnswers();
  }
}
