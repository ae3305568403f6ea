import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import { CodedError, type ErrorCode } from '../../errors.js';
import { Clock } from '../../rate-limiting/index.js';

import { type VideoTarget } from './video-call.js';
import { VideoEndings } from './video-endings.js';
import { type JobPatch, type VideoJob, VideoJobStore } from './video-job.store.js';
import { backOffMs, FIRST_POLL_MS } from './video-pace.js';
import { faultOf, VideoRunner } from './video.runner.js';

/** While everyone who could make it is out of capacity, a job waits so long in all. */
const LONGEST_QUEUE_MS = 5 * 60_000;
const STORE_TRIES = 60;
const STORE_AGAIN_MS = 1_000;
/** These pass by themselves: nobody took the job, and nobody refused it for what it is. */
const MAY_PASS: readonly ErrorCode[] = ['providers_exhausted', 'store_unavailable'];

/** Somebody else works at the job, or it was called off. */
class JobLost extends Error {}

/**
 * Has a job made by a provider, once. That one is asked is written down before it is; who finds that, and no answer, knows
 * that the job may exist at the provider under an id that was never stored: it ends there, unpaid.
 */
@Injectable()
export class VideoCreationStep {
  private readonly logger = new Logger(VideoCreationStep.name);

  constructor(
    private readonly runner: VideoRunner,
    private readonly jobs: VideoJobStore,
    private readonly endings: VideoEndings,
    private readonly clock: Clock,
  ) {}

  async create(job: VideoJob): Promise<void> {
    let current = job;
    const asking = async (target: VideoTarget): Promise<void> => {
      const asked = await this.jobs.move(current, 'creating', placeOf(target));
      if (!asked) throw new JobLost();
      current = asked;
    };
    try {
      const { jobId } = await this.runner.create(job.wish, asking);
      await this.created({ ...current, providerJobId: jobId });
    } catch (error) {
      if (!(error instanceof JobLost)) await this.notCreated(current, error);
    }
  }

  /** Its process died, or lost its lease, between the question and the answer. */
  async interrupted(job: VideoJob): Promise<void> {
    const message = `Whether ${job.provider ?? 'the provider'} makes the video is not known: the process that asked for it ended before the answer. It is not asked for a second time, and nothing was charged.`;
    await this.endings.fail(job, { code: 'provider_failed', message });
  }

  private async created(job: VideoJob): Promise<void> {
    const dueAt = new Date(this.clock.now() + FIRST_POLL_MS);
    // What only the creation needed may be large.
    const { extra: _, ...request } = job.wish.request;
    const { providerJobId } = job;
    const patch = { providerJobId, dueAt, wish: { ...job.wish, request } };
    if (!(await this.store(job, patch))) await this.endings.stopAtProvider(job);
  }

  /** An id that is not stored is a video that nobody gets: a database that is away for a while must not cost it. */
  private async store(job: VideoJob, patch: JobPatch): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.jobs.leave(job, 'processing', patch)) !== undefined;
      } catch (error) {
        const { id, provider, providerJobId } = job;
        const what = { err: error, job: id, provider, providerJobId };
        this.logger.warn(what, 'The id that a provider gave a video could not be stored yet.');
        if (tries === STORE_TRIES) return false;
        await delay(STORE_AGAIN_MS);
      }
    }
  }

  private async notCreated(job: VideoJob, error: unknown): Promise<void> {
    const now = this.clock.now();
    const waits = error instanceof CodedError && MAY_PASS.includes(error.code);
    if (!waits || now - job.createdAt.getTime() >= LONGEST_QUEUE_MS) {
      if (!(error instanceof CodedError)) this.logger.warn({ err: error, job: job.id }, 'A video failed.');
      return this.endings.fail(job, faultOf(error));
    }
    const { retryAfterMs } = error.members;
    const attempts = job.attempts + 1;
    const waitMs = Math.max(typeof retryAfterMs === 'number' ? retryAfterMs : 0, backOffMs(attempts));
    const dueAtMs = now + Math.min(waitMs, LONGEST_QUEUE_MS);
    if (job.stage === 'queued') await this.jobs.rest(job, dueAtMs);
    else await this.jobs.leave(job, 'queued', { attempts, dueAt: new Date(dueAtMs) });
  }
}

function placeOf({ provider, ownKey, model, plan }: VideoTarget) {
  const providerKeyId = ownKey?.id ?? null;
  return {
    provider: provider.name,
    providerKeyId,
    model: model.name,
    seconds: plan.seconds,
    size: plan.size,
  };
}
