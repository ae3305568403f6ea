import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { UNDER_WAY } from './message.metrics.js';
import { MessageStore } from './message.store.js';
import { STATUS_OF } from './message-stage.js';

/** How many messages are under way, counted when somebody looks. */
@Injectable()
export class MessageGauges implements OnModuleInit, OnModuleDestroy {
  private stop: () => void = () => undefined;

  constructor(private readonly messages: MessageStore) {}

  onModuleInit(): void {
    this.stop = UNDER_WAY.readFrom(async () =>
      (await this.messages.countUnderWay()).map(({ stage, count }) => ({
        labels: { status: STATUS_OF[stage] },
        value: count,
      })),
    );
  }

  onModuleDestroy(): void {
    this.stop();
  }
}
