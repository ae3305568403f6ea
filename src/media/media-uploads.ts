import { setTimeout as delay } from 'node:timers/promises';

import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { Clock } from '../rate-limiting/index.js';

import { contextOf } from './cloud-context.js';
import { LocalMediaStore } from './local-media.store.js';
import { CloudFailure, MEDIA_CLOUD, type MediaCloud } from './media-cloud.port.js';
import { MediaUploadStore, type TakenUpload } from './media-upload.store.js';
import { MEDIA_OPTIONS, type MediaOptions } from './media.options.js';

const EVERY_MS = 5_000;
/** How long a store that was away is left alone. */
const REST_MS = 10_000;
/** A draft that nobody has written to for so long is of a process that died. */
const DRAFT_LIFE_MS = 24 * 3_600_000;

/**
 * Brings outputs from this disk to the store outside, out of a table: a crash loses none, and several instances on one
 * disk never send one at the same time. A file is removed from the disk once it is there. Only who has the disk can send
 * what is on it.
 */
@Injectable()
export class MediaUploads implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Media');
  private readonly underWay = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<number> | undefined;
  private restsUntilMs = 0;

  constructor(
    private readonly store: MediaUploadStore,
    private readonly disk: LocalMediaStore,
    private readonly clock: Clock,
    @Inject(MEDIA_CLOUD) private readonly cloud: MediaCloud | undefined,
    @Inject(MEDIA_OPTIONS) private readonly options: MediaOptions,
  ) {}

  /** Whether there is a store outside at all. */
  get wanted(): boolean {
    return this.cloud !== undefined;
  }

  onApplicationBootstrap(): void {
    void this.disk.clearDrafts(this.clock.now() - DRAFT_LIFE_MS).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'The drafts of the media folder could not be cleared.');
    });
    if (!this.cloud) return;
    this.timer = setInterval(() => {
      this.wake();
    }, EVERY_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.cloud?.close();
    await Promise.allSettled(this.underWay);
  }

  /** Sends what is due, behind the one who asks. */
  wake(): void {
    void this.sendDue().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'Outputs to upload could not be looked up; trying on.');
    });
  }

  /** Sends what was just kept, and waits for it no longer than MEDIA_UPLOAD_WAIT_MS; the rest happens behind the caller. */
  async send(sha256: string): Promise<void> {
    if (!this.cloud || this.rests || this.options.uploadWaitMs === 0) return;
    const waiting = new AbortController();
    const sent = this.follow(this.sendOne(this.cloud, sha256)).finally(() => {
      waiting.abort();
    });
    const tooLong = delay(this.options.uploadWaitMs, undefined, { signal: waiting.signal });
    await Promise.race([sent, tooLong]).catch((error: unknown) => {
      if (!waiting.signal.aborted) throw error;
    });
  }

  /** @returns how many have come there. */
  sendDue(): Promise<number> {
    this.sending ??= this.follow(this.sendAll()).finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  private get rests(): boolean {
    return this.clock.now() < this.restsUntilMs;
  }

  private async sendAll(): Promise<number> {
    let sent = 0;
    while (this.cloud && !this.rests) {
      const outcome = await this.sendNext(this.cloud);
      if (outcome === undefined) break;
      if (outcome) sent++;
    }
    return sent;
  }

  /** Never rejects: that an output is kept is not undone by it. */
  private async sendOne(cloud: MediaCloud, sha256: string): Promise<void> {
    try {
      await this.sendNext(cloud, sha256);
    } catch (error) {
      this.logger.warn({ err: error }, 'An output that was kept could not be uploaded; trying on.');
    }
  }

  /** @returns whether it has come there; `undefined` where nothing is due. */
  private async sendNext(cloud: MediaCloud, sha256?: string): Promise<boolean | undefined> {
    const disk = await this.disk.id();
    const nowMs = this.clock.now();
    const taken = await this.store.take({ disk, nowMs, ...(sha256 !== undefined && { sha256 }) });
    if (!taken) return undefined;
    try {
      if (!taken.uploadedAt) await cloud.upload(uploadOf(taken, this.disk.locate(taken.path)));
    } catch (error) {
      await this.putOff(cloud, taken, { disk, error });
      return false;
    }
    await this.store.done({ sha256: taken.sha256, disk, nowMs: this.clock.now() });
    await this.disk.remove(taken.path);
    return true;
  }

  private async putOff(
    cloud: MediaCloud,
    { sha256, attempts }: TakenUpload,
    { disk, error }: { disk: string; error: unknown },
  ): Promise<void> {
    const nowMs = this.clock.now();
    const { kind, message } = error instanceof CloudFailure ? error : new CloudFailure('away', 'broke off');
    if (kind === 'away') this.restsUntilMs = nowMs + REST_MS;
    await this.store.failed({ sha256, disk, nowMs, why: message });
    this.logger.warn({ sha256, attempts }, `${cloud.name} did not take an output: ${message}; trying on.`);
  }

  private follow<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    const done = (): void => {
      this.underWay.delete(work);
    };
    work.then(done, done);
    return work;
  }
}

function uploadOf(taken: TakenUpload, localPath: string) {
  const { kind, path, bytes, tags } = taken;
  return { kind, path, bytes, tags, localPath, context: contextOf(taken) };
}
