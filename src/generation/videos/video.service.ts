import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';

import { CodedError, type Fault, validationFailed } from '../../errors.js';
import { AssetService } from '../../media/index.js';
import {
  Clock,
  currentCallContext,
  RateLimitingService,
  type Reservation,
  reserveCall,
  storeUnavailable,
} from '../../rate-limiting/index.js';
import { unstorableFields } from '../../storable-text.js';

import { estimateVideo, type VideoWish } from './video-call.js';
import { VideoEndings } from './video-endings.js';
import { type VideoJob, VideoJobStore } from './video-job.store.js';
import { STATUS_OF } from './video-stage.js';
import { VideoRunner } from './video.runner.js';
import { VideoWorker } from './video.worker.js';

const WITHDRAW_EVERY_MS = 5_000;

/** Whose job, and which. */
export interface OwnJob {
  readonly id: string;
  readonly userId: string;
}

/** Videos, metered as `video_generation`: jobs that go on by themselves. */
@Injectable()
export class VideoService {
  private readonly logger = new Logger(VideoService.name);
  private readonly doubtful = new Set<Reservation>();

  constructor(
    private readonly runner: VideoRunner,
    private readonly jobs: VideoJobStore,
    private readonly endings: VideoEndings,
    private readonly worker: VideoWorker,
    private readonly assets: AssetService,
    private readonly limiting: RateLimitingService,
    private readonly clock: Clock,
  ) {}

  /**
   * Reserves for a video and writes its job down: from then on it is made, whoever dies.
   * @throws LimitExceeded; CodedError `not_found`, `validation_failed` or `forbidden` for what nobody can make for this
   *   caller, `store_unavailable`.
   */
  async start(wish: VideoWish, userId: string): Promise<VideoJob> {
    const faults = unstorableIn(wish);
    if (faults.length > 0) throw validationFailed(faults);
    const targets = await this.runner.targetsFor(wish);
    const { caller = {}, requestId } = currentCallContext() ?? {};
    const estimate = estimateVideo(targets);
    const asked = { caller, operation: 'video_generation' as const, estimate };
    const reservation = await reserveCall(this.limiting, asked);
    const job = newJob({
      wish: { ...wish, requestId },
      userId,
      reservation,
      plan: targets[0].plan,
      nowMs: this.clock.now(),
    });
    try {
      await this.jobs.insert(job);
    } catch (error) {
      await this.withdraw(reservation);
      throw storeUnavailable(error);
    }
    this.limiting.entrust(job.id);
    this.worker.wake();
    return job;
  }

  /** @throws CodedError `not_found`, also for what is another's, or was deleted. */
  async find({ id, userId }: OwnJob): Promise<VideoJob> {
    const job = await this.jobs.find(id, userId);
    if (job) return job;
    throw new CodedError('not_found', `There is no video ${id} of yours.`);
  }

  /**
   * Calls a job off. What was not delivered costs nothing; to call it off again changes nothing.
   * @throws CodedError `not_found`; `conflict` for one that is being delivered, or is over.
   */
  async cancel(own: OwnJob): Promise<VideoJob> {
    const cancelled = await this.jobs.cancel(own, this.clock.now());
    const job = await this.find(own);
    if (!cancelled && job.stage !== 'cancelled') throw tooLate(job);
    await this.endings.release(job);
    if (cancelled) void this.endings.stopAtProvider(job);
    return job;
  }

  /**
   * Deletes a job and its video for its owner; one that is not delivered is called off.
   * @throws CodedError `not_found`; `conflict` for one that is being delivered.
   */
  async delete(own: OwnJob): Promise<void> {
    const { stage, id, assetId } = await this.find(own);
    if (stage !== 'completed' && stage !== 'failed') await this.cancel(own);
    if (assetId !== null) await this.assets.remove(assetId, { userId: own.userId, usageId: id });
    await this.jobs.delete(id, this.clock.now());
  }

  /** Jobs whose insert was not answered, once the database can be asked again. */
  @Interval(WITHDRAW_EVERY_MS)
  async withdrawDoubtful(): Promise<void> {
    for (const reservation of this.doubtful) await this.withdraw(reservation);
  }

  /** Its client is told that nothing came of it: so that must be. Until then this process holds the reservation. */
  private async withdraw(reservation: Reservation): Promise<void> {
    const { id } = reservation;
    try {
      if (await this.jobs.withdraw(id)) await this.limiting.release(id);
      else this.limiting.entrust(id);
      this.doubtful.delete(reservation);
    } catch (error) {
      this.doubtful.add(reservation);
      this.logger.warn({ err: error, job: id }, 'Whether a video job was written down is not known yet.');
    }
  }
}

/** Fields that only `/v1` takes have passed through unread. */
function unstorableIn({ request, spoken }: VideoWish): Fault[] {
  const { prompt, extra, ...settings } = request;
  return unstorableFields({ [spoken ? 'script' : 'prompt']: prompt, ...settings, ...extra });
}

interface NewJob {
  readonly wish: VideoWish;
  readonly userId: string;
  readonly reservation: Reservation;
  readonly plan: { readonly seconds: number; readonly size: string };
  readonly nowMs: number;
}

function newJob({ wish, userId, reservation, plan, nowMs }: NewJob): VideoJob {
  return {
    ...{ id: reservation.id, userId, stage: 'queued', wish, reservation: { ...reservation, kept: true } },
    ...{
      provider: null,
      model: null,
      providerKeyId: null,
      providerJobId: null,
      seconds: plan.seconds,
      size: plan.size,
    },
    ...{ madeSeconds: null, progress: 0, assetId: null, usage: null, error: null, attempts: 0 },
    ...{ leaseToken: null, leaseUntil: null, completedAt: null, deletedAt: null },
    ...{ dueAt: new Date(nowMs), createdAt: new Date(nowMs) },
  };
}

function tooLate({ id, stage }: VideoJob): CodedError {
  const status = STATUS_OF[stage];
  const why = status === 'processing' ? 'is made and is being delivered' : `is ${status}`;
  return new CodedError('conflict', `The generation ${id} ${why} and cannot be cancelled any more.`);
}
