import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { Clock } from '../../rate-limiting/index.js';

import { KeyRing } from './key-ring.js';
import { type NewProviderKeyDto, type PutProviderKeyDto } from './provider-key.dto.js';
import { type ProviderKeyRow } from './provider-key.entity.js';

const DEFAULT_PERIOD_SEC = 60;

/** Where a key lies: what was encrypted for one row opens in no other. */
export function placeOf({
  id,
  workspaceId,
  provider,
}: Pick<ProviderKeyRow, 'id' | 'workspaceId' | 'provider'>): string {
  return JSON.stringify([id, workspaceId, provider]);
}

/** Rows of keys out of what was asked for, encrypted. */
@Injectable()
export class ProviderKeyDrafts {
  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
  ) {}

  /** Of providers that there are. @throws CodedError `conflict` where nothing can be encrypted. */
  made(workspaceId: string, wishes: readonly NewProviderKeyDto[]): ProviderKeyRow[] {
    return wishes.map((wish) => this.draft(workspaceId, wish));
  }

  /** What is left out stays. */
  changed(former: ProviderKeyRow, wish: PutProviderKeyDto): ProviderKeyRow {
    const { rate_limit: rateLimit = former.rateLimit, config = former.config, api_key: apiKey } = wish;
    const period = wish.rate_limit_period ?? former.rateLimitPeriodSec ?? DEFAULT_PERIOD_SEC;
    return {
      ...former,
      rateLimit,
      rateLimitPeriodSec: rateLimit === null ? null : period,
      config: { ...config },
      updatedAt: new Date(this.clock.now()),
      ...(apiKey !== undefined && this.secret(apiKey, placeOf(former))),
    };
  }

  private draft(workspaceId: string, wish: NewProviderKeyDto): ProviderKeyRow {
    const now = new Date(this.clock.now());
    const id = uuidv7();
    const provider = wish.name.toLowerCase();
    const limit = { rateLimit: null, rateLimitPeriodSec: null, config: {} };
    const at = { id, workspaceId, provider, createdAt: now, updatedAt: now };
    const former = { ...at, ...limit, ...this.secret(wish.api_key, placeOf(at)) };
    const { api_key: _, ...rest } = wish;
    return this.changed(former, rest);
  }

  private secret(apiKey: string, place: string) {
    return { ...this.ring.seal(apiKey, place), lastFour: apiKey.slice(-4) };
  }
}
