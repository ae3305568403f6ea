import { Injectable, Logger } from '@nestjs/common';

import { AssetService } from '../../media/index.js';
import { asCodedError, lacks } from '../../providers/index.js';
import { Clock } from '../../rate-limiting/index.js';

import { videoUsage } from './video-call.js';
import { VideoEndings } from './video-endings.js';
import { type VideoJob, VideoJobStore } from './video-job.store.js';
import { backOffMs } from './video-pace.js';
import { faultOf, VideoRunner } from './video.runner.js';

/** A file that cannot be fetched or kept as often as this will not be. */
const MOST_TRIES = 8;

/** Fetches what a provider made and keeps it: what cannot be kept was not made, and costs nothing. */
@Injectable()
export class VideoDeliveryStep {
  private readonly logger = new Logger(VideoDeliveryStep.name);

  constructor(
    private readonly runner: VideoRunner,
    private readonly assets: AssetService,
    private readonly jobs: VideoJobStore,
    private readonly endings: VideoEndings,
    private readonly clock: Clock,
  ) {}

  /** @returns the job where its video is kept and is to be charged. */
  async deliver(job: VideoJob, signal: AbortSignal): Promise<VideoJob | undefined> {
    try {
      const assetId = await this.keep(job, signal);
      const { model, provider, price } = await this.runner.makerOf(job);
      const made = { provider: provider.name, model: model.name, size: job.size, assetId };
      const estimated = job.madeSeconds === null;
      const usage = videoUsage({ price }, { ...made, seconds: job.madeSeconds ?? job.seconds, estimated });
      return await this.jobs.move(job, 'settling', { usage, assetId });
    } catch (error) {
      if (signal.aborted) throw error;
      await this.notKept(job, asCodedError(error));
      return undefined;
    }
  }

  /** The same bytes of the same job are the same asset: who does this a second time, after a crash, keeps nothing twice. */
  private async keep(job: VideoJob, signal: AbortSignal): Promise<string> {
    const { provider, model } = await this.runner.makerOf(job);
    const fetched = provider.videos?.fetch({ jobId: job.providerJobId ?? '', model: model.name, signal });
    const { bytes } = await (fetched ?? lacks(provider, 'videos'));
    const { assetId } = await this.assets.keep({
      ...{ kind: 'video', userId: job.userId, bytes, prompt: job.wish.request.prompt },
      ...{ provider: provider.name, model: model.name, usageId: job.id },
      requestId: job.wish.requestId,
      durationSeconds: job.madeSeconds ?? job.seconds,
      metadata: { size: job.size },
    });
    return assetId;
  }

  private async notKept(job: VideoJob, error: unknown): Promise<void> {
    this.logger.warn({ err: error, job: job.id }, 'A video that was made could not be fetched or kept.');
    if (job.attempts + 1 >= MOST_TRIES) return this.endings.fail(job, faultOf(error));
    await this.jobs.rest(job, this.clock.now() + backOffMs(job.attempts));
  }
}
