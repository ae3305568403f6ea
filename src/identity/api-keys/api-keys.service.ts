import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { validationFailed } from '../../errors.js';
import { Clock } from '../../rate-limiting/index.js';
import { type ChangeContext } from '../audit/change.js';
import { type OpenChange, RecordedChanges } from '../audit/recorded-changes.store.js';
import { EXPIRED } from '../expires-later.rule.js';
import { UserStore } from '../users/user.store.js';

import { type ApiKeyRow } from './api-key.entity.js';
import { hashOfKey, newApiKey, prefixOf } from './api-key.secret.js';
import { ApiKeyStore } from './api-key.store.js';

export interface NewKey {
  readonly userId: string;
  readonly name: string;
  readonly expiresAt?: Date | undefined;
  /** A key chosen by hand, as BOOTSTRAP_ADMIN_KEY is; without it a random one. */
  readonly key?: string | undefined;
}

/** A key that was just made. `key` is the key itself: it is shown this once. */
export interface CreatedKey {
  readonly row: ApiKeyRow;
  readonly key: string;
}

export interface RevokeInput {
  readonly id: string;
  /** Whose the key must be. */
  readonly userId?: string | undefined;
}

/** Makes and revokes API keys: every change is in the audit log, and a revocation is told to all instances. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly users: UserStore,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError `not_found` for an unknown user, `validation_failed` for an expiry in the past. */
  async create(input: NewKey, context: ChangeContext): Promise<CreatedKey> {
    if (input.expiresAt && input.expiresAt.getTime() <= this.clock.now()) throw validationFailed([EXPIRED]);
    return this.changes.run(context, async (change) => {
      await this.users.get(input.userId, change.manager);
      return this.createWithin(change, input);
    });
  }

  /** As `create`, as a part of a greater change. */
  async createWithin(change: OpenChange, input: NewKey): Promise<CreatedKey> {
    const key = input.key ?? newApiKey();
    const row: ApiKeyRow = {
      id: uuidv7(),
      userId: input.userId,
      name: input.name,
      keyHash: hashOfKey(key),
      prefix: prefixOf(key),
      expiresAt: input.expiresAt ?? null,
      revokedAt: null,
      lastUsedAt: null,
      createdAt: new Date(this.clock.now()),
    };
    await this.keys.insert(change.manager, row);
    await change.record({ action: 'apiKey.create', subject: subjectOf(row), after: forAudit(row) });
    return { row, key };
  }

  /**
   * Revokes a key for good, on every instance within a second. Revoking it again changes nothing.
   * @throws CodedError `not_found`, also for another's key.
   */
  async revoke({ id, userId }: RevokeInput, context: ChangeContext): Promise<void> {
    await this.changes.run(context, async (change) => {
      const key = await this.keys.lock(change.manager, id, userId);
      await this.revokeWithin(change, key);
    });
  }

  /** As `revoke`, as a part of a greater change, of a key that was loaded with its hash. */
  async revokeWithin(change: OpenChange, key: ApiKeyRow): Promise<void> {
    if (key.revokedAt) return;
    const revokedAt = new Date(this.clock.now());
    await this.keys.revoke(change.manager, key.id, revokedAt);
    const after = forAudit(key, revokedAt);
    await change.record({ action: 'apiKey.revoke', subject: subjectOf(key), before: forAudit(key), after });
    await change.announce('apiKey', key.keyHash.toString('hex'));
  }
}

function subjectOf({ id }: ApiKeyRow) {
  return { kind: 'apiKey', id };
}

/** Never the hash: of a key chosen by hand it could be guessed from. */
function forAudit(key: ApiKeyRow, revokedAt = key.revokedAt): object {
  const { userId, name, prefix, expiresAt } = key;
  return { userId, name, prefix, expiresAt, revokedAt };
}
