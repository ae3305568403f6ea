import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type ChangeContext, type OpenChange, RecordedChanges } from '../../identity/index.js';
import { WORKSPACE_CHANGE } from '../members/stored-membership.js';
import { WorkspaceStore } from '../workspaces/workspace.store.js';

import { ProviderKeyDrafts } from './provider-key.drafts.js';
import { type AddProviderKeyDto, type PutProviderKeyDto } from './provider-key.dto.js';
import { type ProviderKeyRow } from './provider-key.entity.js';
import { ProviderKeyStore } from './provider-key.store.js';
import { StoredOwnKeys } from './stored-own-keys.js';

/** A call may have to try all of them. */
const MOST_KEYS = 50;

/** Workspaces' own keys. Each change is in the audit log, without the key, and holds everywhere within a second. */
@Injectable()
export class ProviderKeysService {
  constructor(
    private readonly keys: ProviderKeyStore,
    private readonly workspaces: WorkspaceStore,
    private readonly drafts: ProviderKeyDrafts,
    private readonly ownKeys: StoredOwnKeys,
    private readonly changes: RecordedChanges,
  ) {}

  /** @throws CodedError `not_found`; `conflict` where there is no room, or no ENCRYPTION_KEY. */
  async add(
    { workspace_id: workspaceId, ...wish }: AddProviderKeyDto,
    context: ChangeContext,
  ): Promise<ProviderKeyRow> {
    const rows = this.drafts.made(workspaceId, [wish]);
    await this.changed(workspaceId, context, (change) => this.addWithin(change, workspaceId, rows));
    const [row] = rows;
    if (row) return row;
    throw new Error('A key that was asked for was not made.');
  }

  /** As `add`, as a part of a greater change, in a workspace that is locked or new. */
  async addWithin(change: OpenChange, workspaceId: string, rows: readonly ProviderKeyRow[]): Promise<void> {
    const present = await this.keys.of([workspaceId], change.manager);
    if (present.length + rows.length > MOST_KEYS)
      throw new CodedError(
        'conflict',
        `A workspace has at most ${MOST_KEYS} provider keys. Delete one first.`,
      );
    await this.keys.insert(change.manager, rows);
    for (const row of rows)
      await change.record({ action: 'providerKey.add', subject: subjectOf(row), after: forAudit(row) });
  }

  /** Changes a key; what is left out stays. @throws CodedError as `add` */
  async update(id: string, wish: PutProviderKeyDto, context: ChangeContext): Promise<ProviderKeyRow> {
    const { workspaceId } = await this.keys.get(id);
    return this.changed(workspaceId, context, async (change) => {
      const former = await this.keys.get(id, change.manager);
      const row = this.drafts.changed(former, wish);
      await this.keys.update(change.manager, row);
      const [before, after] = [
        forAudit(former),
        { ...forAudit(row), keyReplaced: wish.api_key !== undefined },
      ];
      await change.record({ action: 'providerKey.update', subject: subjectOf(row), before, after });
      return row;
    });
  }

  /** @throws CodedError `not_found` */
  async delete(id: string, context: ChangeContext): Promise<void> {
    const { workspaceId } = await this.keys.get(id);
    await this.changed(workspaceId, context, async (change) => {
      const row = await this.keys.get(id, change.manager);
      await this.keys.delete(change.manager, id);
      await change.record({ action: 'providerKey.delete', subject: subjectOf(row), before: forAudit(row) });
    });
  }

  private async changed<T>(
    workspaceId: string,
    context: ChangeContext,
    work: (change: OpenChange) => Promise<T>,
  ): Promise<T> {
    const result = await this.changes.run(context, async (change) => {
      await this.workspaces.lock(change.manager, workspaceId);
      const done = await work(change);
      await change.announce(WORKSPACE_CHANGE, workspaceId);
      return done;
    });
    this.ownKeys.forget(workspaceId);
    return result;
  }
}

function subjectOf({ id }: ProviderKeyRow) {
  return { kind: 'providerKey', id };
}

/** Never what is encrypted. */
function forAudit({
  workspaceId,
  provider,
  lastFour,
  rateLimit,
  rateLimitPeriodSec,
  config,
}: ProviderKeyRow): object {
  return { workspaceId, provider, lastFour, rateLimit, rateLimitPeriodSec, config };
}
