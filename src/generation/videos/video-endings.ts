import { Injectable, Logger } from '@nestjs/common';

import { Clock, RateLimitingService } from '../../rate-limiting/index.js';

import { type VideoFault } from './video-job.entity.js';
import { type VideoJob, VideoJobStore } from './video-job.store.js';
import { VideoMakers } from './video.makers.js';

/** How a job comes to its end: the row says so first, and whatever follows from that may be done again. */
@Injectable()
export class VideoEndings {
  private readonly logger = new Logger(VideoEndings.name);

  constructor(
    private readonly jobs: VideoJobStore,
    private readonly limiting: RateLimitingService,
    private readonly makers: VideoMakers,
    private readonly clock: Clock,
  ) {}

  /** Charges a job whose video is kept, once: its ledger row has the job's id. */
  async settle(job: VideoJob): Promise<void> {
    const { id, usage, reservation } = job;
    if (!usage) throw new Error(`The video job ${id} has nothing to settle.`);
    this.limiting.resume(reservation);
    await this.limiting.settle(id, usage);
    await this.jobs.leave(job, 'completed', { completedAt: new Date(this.clock.now()) });
  }

  /** Ends a job that came to nothing, and gives back what was held for it. */
  async fail(job: VideoJob, error: VideoFault): Promise<void> {
    const failed = await this.jobs.leave(job, 'failed', { error, completedAt: new Date(this.clock.now()) });
    if (!failed) return;
    this.logger.warn({ job: job.id, provider: job.provider, code: error.code }, 'A video was not made.');
    await this.release(failed);
  }

  /** Where that cannot be told now, or this process dies before it is, the sweeper finds the row and does it. */
  async release({ id, reservation }: VideoJob): Promise<void> {
    try {
      this.limiting.resume(reservation);
      await this.limiting.release(id);
    } catch (error) {
      this.logger.warn({ err: error, job: id }, 'What was held for a video could not be given back yet.');
    }
  }

  /** Tells the provider that nobody wants it any more, where it can be told. What it makes of that changes nothing. */
  async stopAtProvider(job: VideoJob): Promise<void> {
    const { id, provider, model, providerJobId } = job;
    if (model === null || providerJobId === null) return;
    const { signal } = new AbortController();
    try {
      const maker = await this.makers.of(job);
      await maker?.provider.videos?.cancel?.({ jobId: providerJobId, model, signal });
    } catch (error) {
      this.logger.warn({ err: error, job: id, provider, providerJobId }, 'A video could not be stopped.');
    }
  }
}
