import { Injectable } from '@nestjs/common';

import { type Candidate, OwnProviders, ProviderRegistry } from '../../providers/index.js';

import { type VideoJob } from './video-job.store.js';

/** Finds who makes a job that was created: with the key that it was created with, and with no other. */
@Injectable()
export class VideoMakers {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly own: OwnProviders,
  ) {}

  /** `undefined` where the provider is not configured any more, or the workspace has deleted the key. */
  async of({
    provider: name,
    providerKeyId,
    reservation,
  }: Pick<VideoJob, 'provider' | 'providerKeyId' | 'reservation'>): Promise<
    Pick<Candidate, 'provider' | 'ownKey'> | undefined
  > {
    const { workspaceId } = reservation.caller;
    if (providerKeyId !== null)
      return workspaceId === undefined ? undefined : this.own.withKey(workspaceId, providerKeyId);
    const provider = this.registry.all().find((one) => one.name === name);
    return provider && { provider };
  }
}
