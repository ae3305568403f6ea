import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { CodedError, validationFailed } from '../../errors.js';
import { counterRef } from '../claims.js';
import { type Caller } from '../domain/caller.js';
import { Clock } from '../domain/clock.js';
import { CounterStore } from '../domain/counters.js';
import { apiKeyId, userId } from '../domain/ids.js';
import { type Counter } from '../domain/limit.js';
import { dayAt, periodAt } from '../domain/period.js';
import { LimitResolver } from '../limits/limit-resolver.js';
import { PlanDirectory } from '../limits/plan-directory.port.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import {
  insertAdjustment,
  RESET_KINDS,
  type ResetKind,
  takeBack,
  type TakenBack,
} from './adjustment.store.js';
import {
  type ChangeRecorder,
  LOGGED_CHANGES,
  type OpenQuotaChange,
  type QuotaChangeContext,
} from './change-recorder.port.js';
import { InvalidationQueue } from './invalidation-queue.js';

export const RESET_SCOPES = [...RESET_KINDS, 'all'] as const;
export type ResetScope = (typeof RESET_SCOPES)[number];

export interface ResetInput extends QuotaChangeContext {
  readonly scope: ResetScope;
  /** Whose; left out for `all`. */
  readonly id?: string | undefined;
}

export interface ResetDone extends TakenBack {
  readonly id: string;
}

/** No rolling window looks further back. */
const LONGEST_WINDOW_MS = 366 * 86_400_000;

/**
 * An admin's reset: what was used in the current period is taken back, and the period goes on. The ledger stays as it
 * is: a reset is a row of minus what was used on each day. Calls in flight are charged when they end, to the new zero.
 */
@Injectable()
export class QuotaResets implements OnModuleDestroy {
  private readonly queue: InvalidationQueue;

  constructor(
    private readonly store: CounterStore,
    private readonly resolver: LimitResolver,
    private readonly plans: PlanDirectory,
    @Inject(LOGGED_CHANGES) private readonly changes: ChangeRecorder,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {
    this.queue = new InvalidationQueue(new Logger(QuotaResets.name));
  }

  /**
   * Resets, in the ledger's database first: where the counters cannot be reached it holds all the same, and they are
   * told as soon as they can be.
   * @throws CodedError `validation_failed` for an id that is missing or too much, `not_found` for an unknown subject.
   */
  async reset(input: ResetInput): Promise<ResetDone> {
    const { scope, id } = input;
    if (scope === 'all') {
      if (id !== undefined) throw validationFailed([{ path: 'id', message: 'must be left out for all' }]);
      return this.resetAll(input);
    }
    if (id === undefined) throw validationFailed([{ path: 'id', message: `must name the ${scope}` }]);
    return this.resetOne(input, { kind: scope, id });
  }

  onModuleDestroy(): void {
    this.queue.close();
  }

  private async resetOne(input: ResetInput, subject: { kind: ResetKind; id: string }): Promise<ResetDone> {
    const counters = await this.countersOf(subject);
    const first = { day: firstDayOf(counters, this.clock.now() - LONGEST_WINDOW_MS), own: [] };
    const done = await this.write(input, (change, id) => takeBack(change.manager, id, { ...subject, first }));
    await this.queue.run(() => this.store.invalidate(counters.map(counterRef)));
    return done;
  }

  private async resetAll(input: ResetInput): Promise<ResetDone> {
    const now = this.clock.now();
    const own = (await this.plans.ownSchedules?.()) ?? [];
    const first = {
      day: periodAt(now, { billingDay: 1, timeZone: this.options.timeZone }).name,
      own: own.map(({ userId, schedule }) => ({ userId, day: periodAt(now, schedule).name })),
    };
    const rolling = { day: dayAt(now - LONGEST_WINDOW_MS, 'UTC'), own: [] };
    const done = await this.write(input, async ({ manager }, id) => {
      const users = await takeBack(manager, id, { kind: 'user', first });
      await takeBack(manager, id, { kind: 'apiKey', first });
      await takeBack(manager, id, { kind: 'workspace', first: rolling });
      await takeBack(manager, id, { kind: 'workflow', first: rolling });
      return users;
    });
    await this.queue.run(() => this.store.invalidateAll());
    return done;
  }

  private write(
    { scope, id, reason, actor }: ResetInput,
    take: (change: OpenQuotaChange, adjustmentId: string) => Promise<TakenBack>,
  ): Promise<ResetDone> {
    const subjectId = id ?? null;
    return this.changes.run({ actor, reason }, async (change) => {
      const createdAtMs = this.clock.now();
      const row = { id: uuidv7(), kind: 'reset', subjectKind: scope, subjectId } as const;
      await insertAdjustment(change.manager, { ...row, reason, actor, createdAtMs });
      const taken = await take(change, row.id);
      const subject = { kind: scope, id: subjectId ?? 'all' };
      const after = { subjects: taken.subjects, calls: 0, tokens: 0, costNanoUsd: 0 };
      await change.record({ action: 'quota.reset', subject, before: taken, after });
      return { id: row.id, ...taken };
    });
  }

  /** The subject's counters as they are now. */
  private async countersOf({ kind, id }: { kind: ResetKind; id: string }): Promise<Counter[]> {
    if (kind === 'apiKey' && this.plans.ownerOf && !(await this.plans.ownerOf(apiKeyId(id))))
      throw new CodedError('not_found', `There is no API key ${id}.`);
    const { counters } = await this.resolver.termsOf(callerOf(kind, id), this.clock.now());
    return counters.filter(({ subject }) => subject.kind === kind && subject.id === id);
  }
}

function callerOf(kind: ResetKind, id: string): Caller {
  switch (kind) {
    case 'user':
      return { userId: userId(id) };
    case 'apiKey':
      return { apiKeyId: apiKeyId(id) };
    case 'workspace':
      return { workspaceId: id };
    case 'workflow':
      return { workflowId: id };
  }
}

/** The first day that any counter looks back to; what lies before it is another period's. */
function firstDayOf(counters: readonly Counter[], earliestMs: number): string {
  const days = counters.map(({ window }) =>
    window.kind === 'month' ? window.name : dayAt(window.startsAtMs, 'UTC'),
  );
  return days.sort()[0] ?? dayAt(earliestMs, 'UTC');
}
