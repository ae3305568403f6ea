import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { Clock } from '../rate-limiting/index.js';

import {
  CloudFailure,
  type CloudUsage,
  MEDIA_CLOUD,
  type MediaCloud,
  type Used,
} from './media-cloud.port.js';
import { type MediaCheck, type MediaSums, MediaUsageStore } from './media-usage.store.js';

/** What is kept, where, and how much room there is. */
export interface MediaStanding {
  /** `disk`, or the store outside. */
  readonly store: string;
  readonly sums: MediaSums;
  /** Of the store outside; `undefined` until it was looked at. */
  readonly check: MediaCheck | undefined;
}

const CHECK_EVERY_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;
const WARN_SHARE = 0.9;

/** Looks at the room of the store outside once an hour, over all instances, and warns when it gets short. */
@Injectable()
export class MediaUsage implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Media');
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: MediaUsageStore,
    private readonly clock: Clock,
    @Inject(MEDIA_CLOUD) private readonly cloud: MediaCloud | undefined,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.cloud) return;
    this.tick();
    this.timer = setInterval(() => {
      this.tick();
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.checking;
  }

  async standing(): Promise<MediaStanding> {
    const sums = await this.store.sums();
    if (!this.cloud) return { store: 'disk', sums, check: undefined };
    const { name } = this.cloud;
    return { store: name, sums, check: await this.store.last(name) };
  }

  /** Looks at the room where that is due, and no other instance does. @returns whether it was looked at. */
  async check(): Promise<boolean> {
    const { cloud } = this;
    if (!cloud || !(await this.store.claim(cloud.name, this.clock.now(), CHECK_EVERY_MS))) return false;
    const usage = await cloud.usage();
    await this.store.note(cloud.name, this.clock.now(), usage);
    for (const warning of warningsOf(cloud.name, usage)) this.logger.warn(warning);
    return true;
  }

  private tick(): void {
    this.checking = this.check().catch((error: unknown) => {
      const why = error instanceof CloudFailure ? error.message : 'the database was away';
      this.logger.warn(
        `The room of the media store could not be looked at: ${why}; the next hour tries again.`,
      );
    });
  }
}

function warningsOf(name: string, { storage, credits }: CloudUsage): string[] {
  return [
    ...warningOf(`The storage of ${name}`, storage, 'bytes'),
    ...(credits ? warningOf(`The plan of ${name}`, credits, 'credits') : []),
  ];
}

function warningOf(what: string, { used, limit }: Used, unit: string): string[] {
  if (limit === null || used < limit * WARN_SHARE) return [];
  const percent = Math.floor((used / limit) * 100);
  return [`${what} is at ${percent} % of its capacity: ${used} of ${limit} ${unit} are used.`];
}
