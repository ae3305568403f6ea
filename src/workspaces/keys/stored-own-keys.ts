import { Injectable, Logger } from '@nestjs/common';

import { ChangeFeed, FreshCache, type Soon } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { type OwnKey, OwnKeys } from '../../providers/index.js';
import { WORKSPACE_CHANGE } from '../members/stored-membership.js';

import { KeyRing } from './key-ring.js';
import { placeOf } from './provider-key.drafts.js';
import { type ProviderKeyRow } from './provider-key.entity.js';
import { ProviderKeyStore } from './provider-key.store.js';

const RETRY_AFTER_MS = 60_000;

/** The keys of workspaces as their calls need them: decrypted, cached, and forgotten within a second when they change. */
@Injectable()
export class StoredOwnKeys extends OwnKeys {
  private readonly logger = new Logger('ProviderKeys');
  private readonly cache: FreshCache<string, readonly OwnKey[]>;
  private readonly told = new Set<string>();

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
      this.tell(row, error);
      throw unreadableKey(row, error);
    }
  }

  /** Once: each call of its workspace asks anew. */
  private tell({ id, workspaceId, encryptionKeyId }: ProviderKeyRow, error: unknown): void {
    const which = `${id}:${encryptionKeyId}`;
    if (this.told.has(which)) return;
    this.told.add(which);
    this.logger.error(
      { err: error, providerKey: id, workspace: workspaceId, encryptedWith: encryptionKeyId },
      'A provider key cannot be decrypted: the calls of its workspace fail until ENCRYPTION_KEY has its key again, or it is replaced.',
    );
  }
}

/** The caller can do nothing about it, and another moment may be better: the operator mends it, or an owner replaces it. */
function unreadableKey({ provider, lastFour }: ProviderKeyRow, cause: unknown): CodedError {
  return new CodedError(
    'providers_exhausted',
    `This server cannot read the workspace's key at ${provider} (it ends in ${lastFour}), so the call was not made and nothing was charged. ` +
      'The operator finds in the log what is missing; an owner may also replace the key.',
    {
      attempts: [{ provider, status: null, reason: 'key_unreadable' }],
      retryAfterMs: RETRY_AFTER_MS,
    },
    { cause },
  );
}
