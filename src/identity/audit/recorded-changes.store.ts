import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { ChangeFeed } from '../../database/index.js';
import { ChangeRecorder } from '../../rate-limiting/index.js';
import { CredentialStore } from '../access/credential.store.js';

import { type AuditEntry, AuditLog } from './audit-log.store.js';
import { type ChangeContext } from './change.js';

/** A change that is being made: all it writes, logs and announces is there together, or not at all. */
export interface OpenChange {
  readonly manager: EntityManager;
  record(entry: AuditEntry): Promise<void>;
  /** Tells every instance, when and if the change is committed, that what it keeps of this is old. */
  announce(kind: string, id: string): Promise<void>;
}

/** The way of every change of a plan, user, key or limit: one transaction holds the rows, the audit entry and the notice. */
@Injectable()
export class RecordedChanges extends ChangeRecorder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly feed: ChangeFeed,
    private readonly credentials: CredentialStore,
  ) {
    super();
  }

  /** Runs `work` in a transaction. When it resolves, this instance sees the change; the others do within a second. */
  override async run<T>(context: ChangeContext, work: (change: OpenChange) => Promise<T>): Promise<T> {
    const announced: { kind: string; id: string }[] = [];
    const result = await this.dataSource.transaction((manager) =>
      work({
        manager,
        record: (entry) => this.audit.record(manager, context, entry),
        announce: async (kind, id) => {
          announced.push({ kind, id });
          await this.feed.publish({ kind, id }, manager);
        },
      }),
    );
    for (const { kind, id } of announced) this.credentials.forget(kind, id);
    return result;
  }
}
