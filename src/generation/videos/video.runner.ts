import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { PriceTable } from '../../pricing/index.js';
import {
  asCodedError,
  lacks,
  placeOf,
  priceAt,
  ProviderError,
  ProviderHealth,
  ProviderRouter,
  type VideoPlan,
} from '../../providers/index.js';
import { payableRoutes } from '../payable-routes.js';
import { type OneOrMore, type Target, Targets } from '../targets.js';

import { type VideoJob } from './video-job.store.js';
import { VideoMakers } from './video.makers.js';
import { estimateVideoAt, type VideoTarget, type VideoWish } from './video-call.js';

/** It may have been made there, under an id that nobody knows: nobody else is asked, or it might be made twice. */
export class DoubtfulCreation extends Error {
  constructor(override readonly cause: ProviderError) {
    super(`Whether ${cause.provider} makes the video is not known.`);
    this.name = 'DoubtfulCreation';
  }
}

/** Asks providers for videos. Who calls it has reserved. */
@Injectable()
export class VideoRunner {
  constructor(
    private readonly targets: Targets,
    private readonly router: ProviderRouter,
    private readonly health: ProviderHealth,
    private readonly makers: VideoMakers,
    private readonly prices: PriceTable,
  ) {}

  /**
   * Everyone who may make it, and what each would make of it.
   * @throws CodedError `not_found` where nobody serves the model; `validation_failed` where nobody can make this.
   */
  async targetsFor({ request, spoken, model, provider }: VideoWish): Promise<OneOrMore<VideoTarget>> {
    const all = await this.targets.all('video_generation', { model, provider }, (target) => target);
    const suited = all.filter(
      ({ provider: { videos } }) => videos?.makes !== (spoken ? 'scenes' : 'avatars'),
    );
    const refusals: ProviderError[] = [];
    const planned = (suited.length > 0 ? suited : all).flatMap((target): VideoTarget[] => {
      const plan = planAt(target, request);
      if (plan instanceof ProviderError) refusals.push(plan);
      return plan instanceof ProviderError ? [] : [{ ...target, plan }];
    });
    const [first, ...others] = planned;
    if (first) return [first, ...others];
    throw asCodedError(refusals[0]);
  }

  /**
   * Has it made by the first who takes it. `asking` is awaited before each is asked.
   * @throws DoubtfulCreation, or CodedError as the router does.
   */
  async create(
    wish: VideoWish,
    asking: (target: VideoTarget) => Promise<void>,
  ): Promise<{ readonly target: VideoTarget; readonly jobId: string }> {
    const targets = await this.targetsFor(wish);
    return this.router.executeWithFailover({
      operation: 'video_generation',
      ...payableRoutes(targets, estimateVideoAt),
      run: async (target) => {
        await asking(target);
        return { target, jobId: await this.createAt(target, wish) };
      },
    });
  }

  /** Where a job was created, whatever is served there by now. @throws CodedError `not_found` where nobody is. */
  async makerOf(
    job: Pick<VideoJob, 'provider' | 'model' | 'providerKeyId' | 'reservation'>,
  ): Promise<Target> {
    const found = await this.makers.of(job);
    if (!found)
      throw new CodedError(
        'not_found',
        `The provider ${job.provider ?? ''}, or the key, is not there any more.`,
      );
    const model = { name: job.model ?? '', operations: ['video_generation'] as const };
    const candidate = { ...found, model };
    return { ...candidate, price: priceAt(this.prices, candidate) };
  }

  private async createAt(target: VideoTarget, { request }: VideoWish): Promise<string> {
    const { provider, model } = target;
    const { signal } = new AbortController();
    try {
      const created = provider.videos?.create({ request, model: model.name, signal });
      return (await (created ?? lacks(provider, 'videos'))).jobId;
    } catch (error) {
      if (!(error instanceof ProviderError) || !isDoubtful(error)) throw error;
      await this.health.failed(error, placeOf(target));
      throw new DoubtfulCreation(error);
    }
  }
}

/** Sent, and not answered so that one could know. */
function isDoubtful({ reason, neverSent }: ProviderError): boolean {
  return !neverSent && ['timeout', 'connection', 'rubbish', 'aborted'].includes(reason);
}

function planAt({ provider, model }: Target, request: VideoWish['request']): VideoPlan | ProviderError {
  try {
    const plan = provider.videos?.plan(request, model.name);
    if (plan) return plan;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  const details = { reason: 'not_found', neverSent: true } as const;
  return new ProviderError(provider.name, 'does not serve videos', details);
}

/** What a job that could not be made is told to have failed of. */
export function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof DoubtfulCreation) {
    const { code } = faultOf(asCodedError(error.cause));
    const message = `The provider ${error.cause.provider} did not say whether it makes the video. It is not asked for a second time, and nothing was charged.`;
    return { code, message };
  }
  if (error instanceof CodedError) return { code: error.code, message: error.message };
  return { code: 'internal_error', message: 'The fault is ours and is in the log under this id.' };
}
