import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { DUE, OLDEST, UNDER_WAY } from './message.metrics.js';
import { MessageStore, type StageCount } from './message.store.js';
import { STATUS_OF } from './message-stage.js';

const STATUSES = ['queued', 'processing'] as const;

/** What is under way, counted when somebody looks: once for all that is shown of it. */
@Injectable()
export class MessageGauges implements OnModuleInit, OnModuleDestroy {
  private stops: (() => void)[] = [];
  private counting: Promise<readonly StageCount[]> | undefined;

  constructor(private readonly messages: MessageStore) {}

  onModuleInit(): void {
    this.stops = [
      UNDER_WAY.readFrom(async () => {
        const stages = await this.stages();
        // A status that nobody has is 0: a line that is not there cannot be told from a count that failed.
        const none = STATUSES.map((status) => ({ labels: { status }, value: 0 }));
        const some = stages.map(({ stage, count }) => ({
          labels: { status: STATUS_OF[stage] },
          value: count,
        }));
        return [...none, ...some];
      }),
      OLDEST.readFrom(async () => this.most(({ oldestSec }) => oldestSec)),
      DUE.readFrom(async () => this.most(({ dueSec }) => dueSec ?? 0)),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  private async most(secondsOf: (stage: StageCount) => number) {
    const seconds = (await this.stages()).map(secondsOf);
    return [{ labels: {}, value: Math.max(0, ...seconds) }];
  }

  private stages(): Promise<readonly StageCount[]> {
    this.counting ??= this.messages.countUnderWay().finally(() => (this.counting = undefined));
    return this.counting;
  }
}
