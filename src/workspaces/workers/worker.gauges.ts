import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { gauge } from '../../telemetry/index.js';

import { type WorkerCount, WorkerSlotStore } from './worker-slot.store.js';

const WANTED = gauge({
  name: 'workers_wanted',
  help: 'Workers that all workspaces together are to have.',
});
const ALIVE = gauge({
  name: 'workers_alive',
  help: 'Workers of workspaces by their state, over all instances that live; draining: they take no new message.',
  labels: ['state'],
});

/** How many workers there are, counted when somebody looks. */
@Injectable()
export class WorkerGauges implements OnModuleInit, OnModuleDestroy {
  private stops: (() => void)[] = [];
  private counting: Promise<WorkerCount> | undefined;

  constructor(private readonly slots: WorkerSlotStore) {}

  onModuleInit(): void {
    this.stops = [
      WANTED.readFrom(async () => [{ labels: {}, value: (await this.count()).wanted }]),
      ALIVE.readFrom(async () => {
        const { active, draining } = await this.count();
        return [
          { labels: { state: 'active' }, value: active },
          { labels: { state: 'draining' }, value: draining },
        ];
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  private count(): Promise<WorkerCount> {
    this.counting ??= this.slots.count().finally(() => (this.counting = undefined));
    return this.counting;
  }
}
