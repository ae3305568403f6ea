import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type FindOptionsWhere, LessThan } from 'typeorm';
import { uuidv7 } from 'uuidv7';

import { Clock } from '../../rate-limiting/index.js';
import { type Page, pageOf, type PageRequest } from '../page.js';

import { AuditLogEntity } from './audit-log.entity.js';
import { type ChangeContext } from './change.js';

/** One change, as it goes into the log. `before` and `after` must hold no secret. */
export interface AuditEntry {
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly before?: object | null;
  readonly after?: object | null;
}

export interface AuditFilter {
  readonly subjectKind?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly actorId?: string | undefined;
}

/** The append-only log of who changed what, when and why. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Writes an entry in the transaction of the change itself: neither is there without the other. */
  async record(manager: EntityManager, context: ChangeContext, entry: AuditEntry): Promise<void> {
    await manager.insert(AuditLogEntity, {
      id: uuidv7(),
      at: new Date(this.clock.now()),
      actorId: context.actor.id,
      actorLabel: context.actor.label,
      action: entry.action,
      subjectKind: entry.subject.kind,
      subjectId: entry.subject.id,
      reason: context.reason ?? null,
      before: entry.before ?? null,
      after: entry.after ?? null,
    });
  }

  /** The entries, newest first. */
  async list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditLogEntity>> {
    const where: FindOptionsWhere<AuditLogEntity> = {
      ...(filter.subjectKind === undefined ? {} : { subjectKind: filter.subjectKind }),
      ...(filter.subjectId === undefined ? {} : { subjectId: filter.subjectId }),
      ...(filter.actorId === undefined ? {} : { actorId: filter.actorId }),
      ...(page.after === undefined ? {} : { id: LessThan(page.after) }),
    };
    const take = page.limit + 1;
    const rows = await this.dataSource.manager.find(AuditLogEntity, { where, order: { id: 'DESC' }, take });
    return pageOf(rows, page.limit);
  }
}
