import { setTimeout as delay } from 'node:timers/promises';

import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { Clock, runInCallContext } from '../../rate-limiting/index.js';

import { VideoCreationStep } from './video-creation.step.js';
import { VideoDeliveryStep } from './video-delivery.step.js';
import { VideoEndings } from './video-endings.js';
import { LEASE_MS, type VideoJob, VideoJobStore } from './video-job.store.js';
import { backOffMs } from './video-pace.js';
import { VideoProgressStep } from './video-progress.step.js';

const LOOK_EVERY_MS = 1_000;
const STEPS_AT_ONCE = 8;
const RENEW_EVERY_MS = LEASE_MS / 3;
/** What a stop waits for steps: those that ask for a new video must hear the answer. */
const LAST_STEPS_MS = 15_000;

/**
 * Takes the steps of jobs that are due, on every instance. A step that takes long renews its lease; one whose instance
 * died is taken by another when the lease is over.
 */
@Injectable()
export class VideoWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(VideoWorker.name);
  private readonly stopped = new AbortController();
  private readonly atWork = new Map<VideoJob, Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private again = false;
  private renewedAt = 0;

  constructor(
    private readonly jobs: VideoJobStore,
    private readonly creation: VideoCreationStep,
    private readonly progress: VideoProgressStep,
    private readonly delivery: VideoDeliveryStep,
    private readonly endings: VideoEndings,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.wake();
    }, LOOK_EVERY_MS).unref();
  }

  /** Looks for what is due, now. */
  wake(): void {
    this.again = true;
    if (!this.looking && !this.stopped.signal.aborted) void this.look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    const late = new AbortController();
    const patience = delay(LAST_STEPS_MS, undefined, { signal: late.signal, ref: false });
    await Promise.race([Promise.allSettled(this.atWork.values()), patience.catch(() => undefined)]);
    late.abort();
  }

  private async look(): Promise<void> {
    this.looking = true;
    try {
      while (this.again && !this.stopped.signal.aborted) {
        this.again = false;
        await this.renew();
        const limit = STEPS_AT_ONCE - this.atWork.size;
        const claimed = limit > 0 ? await this.jobs.claim({ nowMs: this.clock.now(), limit }) : [];
        for (const job of claimed) this.start(job);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'Video jobs could not be looked for; that is tried again.');
    } finally {
      this.looking = false;
    }
  }

  private async renew(): Promise<void> {
    const now = this.clock.now();
    if (this.atWork.size === 0 || now - this.renewedAt < RENEW_EVERY_MS) return;
    await this.jobs.renew([...this.atWork.keys()], now);
    this.renewedAt = now;
  }

  private start(job: VideoJob): void {
    const { id, reservation } = job;
    const context = { requestId: id, caller: reservation.caller, reservation };
    const work = runInCallContext(context, () => this.work(job));
    this.atWork.set(job, work);
    void work.finally(() => {
      this.atWork.delete(job);
    });
  }

  private async work(job: VideoJob): Promise<void> {
    try {
      await this.step(job);
    } catch (error) {
      if (!this.stopped.signal.aborted)
        this.logger.warn({ err: error, job: job.id }, 'A video job stumbled.');
      await this.tryLater(job);
    }
  }

  private async step(job: VideoJob): Promise<void> {
    if (job.stage === 'queued') return this.creation.create(job);
    if (job.stage === 'creating') return this.creation.interrupted(job);
    const { signal } = this.stopped;
    const made = job.stage === 'processing' ? await this.progress.poll(job, signal) : job;
    const kept = made?.stage === 'delivering' ? await this.delivery.deliver(made, signal) : made;
    if (kept?.stage === 'settling') await this.endings.settle(kept);
  }

  /** Where that cannot be written either, its lease will be over. */
  private async tryLater(job: VideoJob): Promise<void> {
    const waitMs = this.stopped.signal.aborted ? 0 : backOffMs(job.attempts);
    await this.jobs.rest(job, this.clock.now() + waitMs).catch(() => undefined);
  }
}
