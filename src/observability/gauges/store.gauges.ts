import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { StoresHealth } from '../../database/index.js';
import { gauge } from '../../telemetry/index.js';

const UP = gauge({
  name: 'store_up',
  help: '1 where a store answers this instance within 250 ms: postgres, redis where there is one, and the feed of changes.',
  labels: ['store'],
});

/** Whether the stores answer, asked when somebody looks. */
@Injectable()
export class StoreGauges implements OnModuleInit, OnModuleDestroy {
  private stop: () => void = () => undefined;

  constructor(private readonly stores: StoresHealth) {}

  onModuleInit(): void {
    this.stop = UP.readFrom(async () => {
      const { postgres, redis, feed } = await this.stores.check();
      const up = { postgres, feed, ...(redis !== 'off' && { redis }) };
      return Object.entries(up).map(([store, is]) => ({ labels: { store }, value: is ? 1 : 0 }));
    });
  }

  onModuleDestroy(): void {
    this.stop();
  }
}
