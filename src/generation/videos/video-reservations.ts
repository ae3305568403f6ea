import { Injectable, type OnModuleInit } from '@nestjs/common';

import {
  type Hold,
  type KeptFate,
  KeptReservations,
  type ReservationId,
  type ReservationKeeper,
} from '../../rate-limiting/index.js';

import { VideoJobStore } from './video-job.store.js';
import { WORKING } from './video-stage.js';

/** Tells the heart what becomes of the reservations that jobs hold, whatever process began them. */
@Injectable()
export class VideoReservations implements ReservationKeeper, OnModuleInit {
  constructor(
    private readonly jobs: VideoJobStore,
    private readonly kept: KeptReservations,
  ) {}

  onModuleInit(): void {
    this.kept.keptBy(this);
  }

  async fatesOf(ids: readonly ReservationId[]): Promise<ReadonlyMap<ReservationId, KeptFate>> {
    const found = await this.jobs.stagesOf(ids);
    return new Map(
      found.flatMap(({ id, stage }): [ReservationId, KeptFate][] => {
        if (WORKING.includes(stage)) return [[id, 'running']];
        // Of a completed one the ledger's row tells: it was there first.
        return stage === 'completed' ? [] : [[id, 'free']];
      }),
    );
  }

  async holds(): Promise<readonly Hold[]> {
    const running = await this.jobs.inStages(WORKING);
    return running.flatMap(({ reservation: { hold } }) => hold ?? []);
  }
}
