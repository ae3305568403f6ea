import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { gauge } from '../../telemetry/index.js';

import { WorkerSlotStore } from './worker-slot.store.js';

const ALIVE = gauge({
  name: 'workers_alive',
  help: 'Workers of workspaces by their state, over all instances; draining: they take no new message.',
  labels: ['state'],
});

/** How many workers there are, counted when somebody looks. */
@Injectable()
export class WorkerGauges implements OnModuleInit, OnModuleDestroy {
  private stop: () => void = () => undefined;

  constructor(private readonly slots: WorkerSlotStore) {}

  onModuleInit(): void {
    this.stop = ALIVE.readFrom(async () =>
      (await this.slots.count()).map(({ state, count }) => ({ labels: { state }, value: count })),
    );
  }

  onModuleDestroy(): void {
    this.stop();
  }
}
