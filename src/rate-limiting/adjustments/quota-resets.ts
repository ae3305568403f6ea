import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { CodedError, type Fault, validationFailed } from '../../errors.js';
import { counterRef } from '../claims.js';
import { type Caller } from '../domain/caller.js';
import { Clock } from '../domain/clock.js';
import { type CounterRef, CounterStore } from '../domain/counters.js';
import { apiKeyId, userId } from '../domain/ids.js';
import { type Counter } from '../domain/limit.js';
import { formatUsd } from '../domain/money.js';
import { addDays, dayAt, periodAt } from '../domain/period.js';
import { isRolling, rollingDaysOf, rollingWindowsAt } from '../domain/rolling.js';
import { callerOfPot } from '../domain/workflow-pot.js';
import { LimitResolver } from '../limits/limit-resolver.js';
import { PlanDirectory } from '../limits/plan-directory.port.js';
import { RateLimitStore } from '../limits/rate-limit.store.js';
import { NO_ROLLING_DEFAULTS, USER_ROLLING_DAYS } from '../limits/rolling-limits.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { insertAdjustment, RESET_KINDS, type ResetKind, type TakenBack } from './adjustment.store.js';
import {
  type ChangeRecorder,
  LOGGED_CHANGES,
  type OpenQuotaChange,
  type QuotaChangeContext,
} from './change-recorder.port.js';
import { requireWorkspace } from './known-workspace.store.js';
import { InvalidationQueue } from './invalidation-queue.js';
import { type FirstDays, potsOf, takeBack, type TakeBackInput } from './take-back.store.js';

export const RESET_SCOPES = [...RESET_KINDS, 'all'] as const;
export type ResetScope = (typeof RESET_SCOPES)[number];

export interface ResetInput extends QuotaChangeContext {
  readonly scope: ResetScope;
  readonly reason: string;
  /** Whose; left out for `all`. */
  readonly id?: string | undefined;
}

export interface ResetDone extends TakenBack {
  readonly id: string;
  /** False where the counters cannot be reached: this process goes on trying for as long as it lives. */
  readonly countersTold: boolean;
}

/** What a reset is announced as; its id is `<scope>:<id>`, or `all:`. */
export const QUOTA_RESET = 'quotaReset';

const DAY_MS = 86_400_000;

interface ResetOfOne extends TakeBackInput {
  readonly id: string;
}

/**
 * An admin's reset: what was used in the current period, or rolling window, is taken back, and it goes on. The ledger stays as it
 * is: a reset is a row of minus what was used on each day. Calls in flight are charged when they end, to the new zero.
 */
@Injectable()
export class QuotaResets implements OnModuleDestroy {
  private readonly queue: InvalidationQueue;

  constructor(
    private readonly store: CounterStore,
    private readonly resolver: LimitResolver,
    private readonly plans: PlanDirectory,
    private readonly limits: RateLimitStore,
    @Inject(LOGGED_CHANGES) private readonly changes: ChangeRecorder,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {
    this.queue = new InvalidationQueue(new Logger(QuotaResets.name));
  }

  /**
   * Resets, in the ledger's database first: where the counters cannot be reached it holds all the same, and they are
   * told as soon as they can be.
   * @throws CodedError `validation_failed` for an id that is missing or too much, `not_found` for an unknown subject. A workflow's id may be any.
   */
  async reset(input: ResetInput): Promise<ResetDone> {
    const { scope, id } = input;
    const faults = resetFaults(input);
    if (faults.length > 0) throw validationFailed(faults);
    if (scope === 'all' || id === undefined) return this.resetAll(input);
    return this.resetOne(input, { kind: scope, id });
  }

  onModuleDestroy(): void {
    this.queue.close();
  }

  private async resetOne(input: ResetInput, subject: { kind: ResetKind; id: string }): Promise<ResetDone> {
    const scope = await this.scopeOf(subject);
    let ids: readonly string[] = [scope.id];
    const done = await this.write(input, async ({ manager }, adjustmentId) => {
      if (scope.kind === 'workspace') await requireWorkspace(manager, scope.id);
      const taken = await takeBack(manager, adjustmentId, scope);
      const isPlain = scope.kind === 'workflow' && !callerOfPot(scope.id);
      if (isPlain) ids = await potsOf(manager, scope.id, scope.first.day);
      return taken;
    });
    const invalidate = async () => this.store.invalidate(await this.countersOf(scope.kind, ids));
    return { ...done, countersTold: await this.queue.run(invalidate) };
  }

  private async resetAll(input: ResetInput): Promise<ResetDone> {
    const first = await this.firstDaysOfAll();
    const done = await this.write(input, async ({ manager }, id) => {
      const users = await takeBack(manager, id, { kind: 'user', first });
      await takeBack(manager, id, { kind: 'apiKey', first: { day: first.day, own: first.own } });
      const rolling = { day: this.firstRollingDay(), own: [] };
      await takeBack(manager, id, { kind: 'workspace', first: rolling });
      await takeBack(manager, id, { kind: 'workflow', first: rolling });
      return users;
    });
    const countersTold = await this.queue.run(() => this.store.invalidateAll());
    return { ...done, countersTold };
  }

  private async firstDaysOfAll(): Promise<FirstDays> {
    const now = this.clock.now();
    const [own = [], byPlan = [], byLimit] = await Promise.all([
      this.plans.ownSchedules?.(),
      this.plans.rollingUsers?.(),
      this.limits.rollingUsers(),
    ]);
    const rolling = [...new Set([...byPlan, ...byLimit])];
    return {
      day: periodAt(now, { billingDay: 1, timeZone: this.options.timeZone }).name,
      own: own.map(({ userId, schedule }) => ({ userId, day: periodAt(now, schedule).name })),
      rolling: { userIds: rolling, day: this.firstRollingDay(USER_ROLLING_DAYS) },
    };
  }

  private write(
    { scope, id, reason, actor }: ResetInput,
    take: (change: OpenQuotaChange, adjustmentId: string) => Promise<TakenBack>,
  ): Promise<Omit<ResetDone, 'countersTold'>> {
    const subjectId = id ?? null;
    return this.changes.run({ actor, reason }, async (change) => {
      const createdAtMs = this.clock.now();
      const row = { id: uuidv7(), kind: 'reset', subjectKind: scope, subjectId } as const;
      await insertAdjustment(change.manager, { ...row, reason, actor, createdAtMs });
      const taken = await take(change, row.id);
      const subject = { kind: scope, id: subjectId ?? 'all' };
      const { subjects, calls, tokens, costNanoUsd } = taken;
      const before = { subjects, calls, tokens, costUsd: formatUsd(costNanoUsd) };
      const after = { subjects, calls: 0, tokens: 0, costUsd: formatUsd(0) };
      await change.record({ action: 'quota.reset', subject, before, after });
      await change.announce(QUOTA_RESET, `${scope}:${id ?? ''}`);
      return { id: row.id, ...taken };
    });
  }

  /** What a reset of one subject takes back. @throws CodedError `not_found` for an unknown one. */
  private async scopeOf({ kind, id }: { kind: ResetKind; id: string }): Promise<ResetOfOne> {
    if (kind === 'workspace' || kind === 'workflow')
      return { kind, id, first: { day: this.firstRollingDay(), own: [] } };
    if (kind === 'apiKey' && this.plans.ownerOf && !(await this.plans.ownerOf(apiKeyId(id))))
      throw new CodedError('not_found', `There is no API key ${id}.`);
    const { counters } = await this.resolver.termsOf(callerOf(kind, id), this.clock.now());
    const windows = counters.filter(({ subject }) => subject.kind === kind).map(({ window }) => window);
    const month = windows.find((window) => !isRolling(window));
    if (!month) throw new Error(`The ${kind} ${id} has no month.`);
    const days = windows.map(rollingDaysOf).find((found) => found !== undefined);
    const first = { day: month.name, own: [] };
    if (!days) return { kind, id, first };
    return { kind, id, first: { ...first, rolling: { userIds: [id], day: days.firstDay } } };
  }

  /** All counters that know of what was taken back: today's, and those that another instance may have turned to. */
  private async countersOf(kind: ResetKind, ids: readonly string[]): Promise<CounterRef[]> {
    const now = this.clock.now();
    const at = [now, now + DAY_MS];
    if (kind === 'workspace' || kind === 'workflow')
      return at.flatMap((atMs) => ids.flatMap((id) => this.rollingOf(kind, id, atMs))).map(counterRef);
    const met = at.flatMap((atMs) => ids.map((id) => this.metBy(kind, id, atMs)));
    return (await Promise.all(met)).flat().map(counterRef);
  }

  private async metBy(kind: 'user' | 'apiKey', id: string, atMs: number): Promise<Counter[]> {
    const { counters, ahead } = await this.resolver.termsOf(callerOf(kind, id), atMs);
    return [...counters, ...ahead].filter(({ subject }) => subject.kind === kind);
  }

  private rollingOf(kind: ResetKind, id: string, atMs: number): Counter[] {
    const { days } = this.options.rolling ?? NO_ROLLING_DEFAULTS;
    const { current, next } = rollingWindowsAt(atMs, { days, timeZone: this.options.timeZone });
    return [current, next].map((window) => ({ subject: { kind, id }, window, limits: [] }));
  }

  private firstRollingDay(days = (this.options.rolling ?? NO_ROLLING_DEFAULTS).days): string {
    return addDays(dayAt(this.clock.now(), this.options.timeZone), 1 - days);
  }
}

/** What is wrong with whose a reset is. */
export function resetFaults({ scope, id }: Pick<ResetInput, 'scope' | 'id'>): readonly Fault[] {
  if (scope === 'all') return id === undefined ? [] : [{ path: 'id', message: 'must be left out for all' }];
  return id === undefined ? [{ path: 'id', message: `must name the ${scope}` }] : [];
}

function callerOf(kind: 'user' | 'apiKey', id: string): Caller {
  return kind === 'user' ? { userId: userId(id) } : { apiKeyId: apiKeyId(id) };
}
