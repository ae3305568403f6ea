import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import {
  asCodedError,
  lacks,
  ProviderError,
  ProviderPermits,
  type VideoProgress,
} from '../../providers/index.js';
import { Clock } from '../../rate-limiting/index.js';

import { type Target } from '../targets.js';

import { VideoEndings } from './video-endings.js';
import { type VideoJob, VideoJobStore } from './video-job.store.js';
import { backOffMs } from './video-pace.js';
import { faultOf, VideoRunner } from './video.runner.js';

/** Asks the provider how far a job is. */
@Injectable()
export class VideoProgressStep {
  constructor(
    private readonly runner: VideoRunner,
    private readonly permits: ProviderPermits,
    private readonly jobs: VideoJobStore,
    private readonly endings: VideoEndings,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @returns the job where it is made and is to be fetched. */
  async poll(job: VideoJob, signal: AbortSignal): Promise<VideoJob | undefined> {
    let told: VideoProgress;
    try {
      const maker = await this.runner.makerOf(job);
      const { ownKey } = maker;
      const permits = await this.permits.acquire({ provider: maker.provider.name, ownKey, signal });
      if (permits.kind === 'refused') {
        await this.later(job, permits.retryAfterMs);
        return undefined;
      }
      told = await this.ask(maker, job, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return this.notTold(job, error);
    }
    return this.told(job, told);
  }

  private async notTold(job: VideoJob, error: unknown): Promise<undefined> {
    const { reason, retryAfterMs = 0 } = error instanceof ProviderError ? error : {};
    if (reason !== 'not_found' && reason !== 'bad_request') return this.later(job, retryAfterMs);
    await this.endings.fail(job, faultOf(asCodedError(error)));
    return undefined;
  }

  private ask({ provider, model }: Target, job: VideoJob, signal: AbortSignal): Promise<VideoProgress> {
    const asked = provider.videos?.poll({ jobId: job.providerJobId ?? '', model: model.name, signal });
    return asked ?? lacks(provider, 'videos');
  }

  private async told(job: VideoJob, told: VideoProgress): Promise<VideoJob | undefined> {
    if (told.status === 'completed') {
      return this.jobs.move(job, 'delivering', { progress: 100, madeSeconds: told.seconds ?? null });
    }
    if (told.status !== 'failed') return this.later(job, 0, told.progress ?? job.progress);
    const { code, message } = told.error ?? { code: null, message: 'The provider gave no reason.' };
    await this.endings.fail(job, { code: code ?? 'provider_failed', message });
    return undefined;
  }

  /** Not for ever: a job that is never done would hold its caller's quota. */
  private async later(job: VideoJob, leastMs: number, progress = job.progress): Promise<undefined> {
    const now = this.clock.now();
    const { timeoutSec } = this.settings.videos;
    if (now - job.createdAt.getTime() >= timeoutSec * 1000) {
      const message = `The video was not done within ${timeoutSec} seconds (VIDEO_JOB_TIMEOUT_SEC). Nothing was charged.`;
      await this.endings.fail(job, { code: 'provider_timeout', message });
      await this.endings.stopAtProvider(job);
      return;
    }
    await this.jobs.rest(job, now + Math.max(leastMs, backOffMs(job.attempts)), { progress });
  }
}
