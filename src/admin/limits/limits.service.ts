import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type ChangeContext, type OpenChange, RecordedChanges } from '../../identity/index.js';
import {
  Clock,
  NO_LIMITS,
  RATE_LIMIT_CHANGE,
  type RateLimitRow,
  RateLimitStore,
} from '../../rate-limiting/index.js';

import { limitFieldsFrom } from './limit-fields.dto.js';
import { inheritedBy, type LimitedSubject, LimitedSubjects } from './limited-subjects.js';
import { type PutRateLimitDto, rateLimitView } from './rate-limit.dto.js';

/** Sets the limits of users, API keys, workspaces and workflows. They hold on every instance within a second. */
@Injectable()
export class LimitsService {
  constructor(
    private readonly limits: RateLimitStore,
    private readonly subjects: LimitedSubjects,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError `not_found` for an unknown subject, and for one without limits of its own. */
  async get(subject: LimitedSubject): Promise<RateLimitRow> {
    const row = await this.limits.row(subject.kind, subject.id);
    if (row) return row;
    await this.subjects.find(subject);
    throw noLimits(subject);
  }

  /**
   * Replaces the limits as a whole.
   * @throws CodedError `not_found` for an unknown subject.
   */
  async put(subject: LimitedSubject, body: PutRateLimitDto, context: ChangeContext): Promise<RateLimitRow> {
    const row = await this.changes.run(context, async (change) => {
      const before = await this.lock(change, subject);
      const after = this.rowOf(subject, body, before);
      await this.limits.put(change.manager, after);
      await announce(change, subject, { before, after });
      return after;
    });
    this.limits.forget(subject.kind, subject.id);
    return row;
  }

  /** Takes a subject's own limits away: it inherits again. @throws CodedError `not_found` where there are none. */
  async delete(subject: LimitedSubject, context: ChangeContext): Promise<void> {
    await this.changes.run(context, async (change) => {
      const before = await this.lock(change, subject);
      if (!before) throw noLimits(subject);
      await this.limits.delete(change.manager, before);
      await announce(change, subject, { before });
    });
    this.limits.forget(subject.kind, subject.id);
  }

  /** The row as it is. The subject is locked, so that two changes of its limits come one after the other. */
  private async lock(change: OpenChange, subject: LimitedSubject): Promise<RateLimitRow | undefined> {
    await this.subjects.lock(change, subject);
    return this.limits.row(subject.kind, subject.id, change.manager);
  }

  private rowOf(subject: LimitedSubject, body: PutRateLimitDto, before?: RateLimitRow): RateLimitRow {
    const now = new Date(this.clock.now());
    return {
      subjectKind: subject.kind,
      subjectId: subject.id,
      ...limitFieldsFrom(body, NO_LIMITS),
      enforcement: body.enforcement ?? null,
      isActive: body.isActive ?? true,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
  }
}

async function announce(
  change: OpenChange,
  { kind, id }: LimitedSubject,
  rows: { before?: RateLimitRow | undefined; after?: RateLimitRow },
): Promise<void> {
  const action = rows.after ? 'limits.put' : 'limits.delete';
  const before = rows.before ? rateLimitView(rows.before) : null;
  const after = rows.after ? rateLimitView(rows.after) : null;
  await change.record({ action, subject: { kind, id }, before, after });
  await change.announce(RATE_LIMIT_CHANGE, `${kind}:${id}`);
}

function noLimits({ kind, id }: LimitedSubject): CodedError {
  return new CodedError(
    'not_found',
    `The ${kind} ${id} has no limits of its own; ${inheritedBy(kind)}. PUT sets some.`,
  );
}
