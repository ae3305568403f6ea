import { Injectable, Logger } from '@nestjs/common';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { type OwnKey, OwnKeys } from '../../providers/index.js';
import { WORKSPACE_CHANGE } from '../members/stored-membership.js';

import { KeyRing } from './key-ring.js';
import { placeOf } from './provider-key.drafts.js';
import { type ProviderKeyRow } from './provider-key.entity.js';
import { ProviderKeyStore } from './provider-key.store.js';

/** The keys of workspaces as their calls need them: decrypted, cached, and forgotten within a second when they change. */
@Injectable()
export class StoredOwnKeys extends OwnKeys {
  private readonly logger = new Logger('ProviderKeys');
  private readonly cache: FreshCache<string, readonly OwnKey[]>;

  constructor(
    private readonly keys: ProviderKeyStore,
    private readonly ring: KeyRing,
    feed: ChangeFeed,
  ) {
    super();
    this.cache = new FreshCache(feed, { maxEntries: 10_000 });
    feed.onChange(({ kind, id }) => {
      if (kind === WORKSPACE_CHANGE) this.forget(id);
    });
  }

  override of(workspaceId: string): Soon<readonly OwnKey[]> {
    return this.cache.get(workspaceId, async () =>
      (await this.keys.forCall(workspaceId)).map((row) => this.opened(row)),
    );
  }

  /** Drops what a change on this instance has made old; the others hear of it. */
  forget(workspaceId: string): void {
    this.cache.evict(workspaceId);
  }

  private opened(row: ProviderKeyRow): OwnKey {
    const { id, provider, rateLimit, rateLimitPeriodSec, config } = row;
    return {
      id,
      version: row.updatedAt.getTime(),
      provider,
      apiKey: this.open(row),
      ...(rateLimit !== null && { rate: { calls: rateLimit, periodSec: rateLimitPeriodSec ?? 60 } }),
      ...(config.model !== undefined && { model: config.model }),
      ...(config.api_version !== undefined && { apiVersion: config.api_version }),
    };
  }

  /** A workspace whose key cannot be read must not spend the operator's money instead. */
  private open(row: ProviderKeyRow): string {
    try {
      return this.ring.open(row, placeOf(row));
    } catch (error) {
      this.logger.error({ err: error, providerKey: row.id }, 'A provider key cannot be decrypted.');
      throw new CodedError(
        'internal_error',
        'A provider key of this workspace cannot be decrypted. The operator must look at ENCRYPTION_KEY.',
        {},
        { cause: error },
      );
    }
  }
}
