import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Span } from '@opentelemetry/api';

import { type Soon } from '../database/index.js';
import { inSpan, startOfTiming } from '../telemetry/index.js';

import { QuotaResets, type ResetDone, type ResetInput } from './adjustments/quota-resets.js';
import { CircuitBreaker } from './budgets/circuit-breaker.js';
import { SystemBudgets } from './budgets/system-budgets.js';
import { traceAsked, traceOutcome, traceSettled } from './call-trace.js';
import { WarmCounters } from './counters/warm-counters.js';
import { type Caller } from './domain/caller.js';
import { Clock } from './domain/clock.js';
import { type CounterRef, CounterStore, type Hold } from './domain/counters.js';
import { type ReservationId } from './domain/ids.js';
import { type LimitState } from './domain/limit.js';
import { type Operation } from './domain/operation.js';
import { softExceeded } from './domain/outcome.js';
import { isRolling } from './domain/rolling.js';
import { type ActualUsage, type UsageStatus } from './domain/usage.js';
import { endOf, usedBy } from './ended-hold.js';
import { Ledger } from './ledger/ledger.port.js';
import { LimitResolver } from './limits/limit-resolver.js';
import {
  allows,
  callerOf,
  type LimitAsked,
  type LimitCheck,
  otherPeriod,
  type UsageAsked,
} from './limit-check.js';
import { type EndInStore, LiveReservations, type UnreadStream } from './live-reservations.js';
import { MissedWindows } from './missed-windows.js';
import { Reconciliation } from './reconciliation.js';
import { countRefused, countRelease, countReserve, countRow, noteRoomLeft } from './rate-limiting.metrics.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
import { circuitOpen, ledgerFull, notOpen, storeUnavailable } from './rate-limiting.errors.js';
import { timeOf } from './reservation-ids.js';
import { type Reservation } from './reservation.js';
import {
  type Asking,
  askingOf,
  leastOf,
  type Outcome,
  outcomeOf,
  type ReserveInput,
  uncounted,
} from './reserving.js';
import { RoomForecast } from './room-forecast.js';
import { Settlements } from './settlements.js';
import { tellExcess, tellShadow } from './soft-excess.js';
import { SoftUse } from './soft-use.js';
import { StaleCounters } from './stale-counters.js';
import { StoreTrouble } from './store-trouble.js';
import { estimateAsUsed, settledLimits, usageEntryOf } from './usage-entry.js';

/** Reserve, settle, release: the way of every metered call, whoever makes it. */
@Injectable()
export class RateLimitingService {
  private readonly logger = new Logger(RateLimitingService.name);
  private readonly trouble: StoreTrouble;
  private readonly soft = new SoftUse();

  constructor(
    private readonly store: CounterStore,
    private readonly counters: WarmCounters,
    private readonly ledger: Ledger,
    private readonly forecast: RoomForecast,
    private readonly resolver: LimitResolver,
    private readonly live: LiveReservations,
    private readonly reconciliation: Reconciliation,
    private readonly stale: StaleCounters,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
    private readonly resets: QuotaResets,
    private readonly settlements: Settlements,
    private readonly budgets: SystemBudgets,
    private readonly breaker: CircuitBreaker,
    private readonly missed: MissedWindows,
  ) {
    this.trouble = new StoreTrouble(this.logger, options.storeFailure);
  }

  /**
   * Holds a call's amounts against all of its limits in one atomic step, or against none.
   * @throws CodedError `store_unavailable` where the counters cannot be reached and STORE_FAILURE is `closed`;
   *   `forbidden` for a call without a price under a money limit; `circuit_open` while the circuit breaker is open.
   */
  reserve(input: ReserveInput): Promise<Outcome> {
    return inSpan('reserve', (span) => this.hold(input, span));
  }

  private async hold(input: ReserveInput, span: Span | undefined): Promise<Outcome> {
    if (span) traceAsked(span, input);
    if (!this.ledger.room()) throw ledgerFull();
    const startedAt = startOfTiming();
    const soon = this.asking(input);
    const asking = soon instanceof Promise ? await soon : soon;
    this.refuseWhileOpen(asking);
    const outcome = await this.ask(asking);
    countReserve(input.operation, outcome, startedAt);
    if (span) traceOutcome(span, outcome);
    if (outcome.kind === 'denied') {
      this.settlements.tell({ caller: input.caller, limits: outcome.limits });
      const told = await this.forecast.complete(outcome, leastOf('tokens', asking.command));
      return this.breaker.judge(told, leastOf('cost', asking.command));
    }
    this.live.add(outcome.reservation);
    tellShadow(this.logger, outcome.reservation);
    return outcome;
  }

  /**
   * Replaces a reservation by what was really used: ledger first, then the counters. Resolves when the row is
   * committed; a second settlement of the same reservation changes nothing.
   * @returns its limits as it left them; none where it had been settled before.
   */
  settle(
    id: ReservationId,
    actual: ActualUsage,
    status: UsageStatus = 'settled',
  ): Promise<readonly LimitState[]> {
    return inSpan('settle', (span) => this.pay(id, { actual, status }, span));
  }

  private async pay(
    id: ReservationId,
    { actual, status }: Pick<Closing, 'actual' | 'status'>,
    span: Span | undefined,
  ): Promise<readonly LimitState[]> {
    let left: readonly LimitState[] = [];
    const ended = this.live.end(id, (reservation) => {
      left = settledLimits(reservation, actual, this.soft);
      return this.close({ reservation, actual, status, left });
    });
    if (ended) await ended;
    else if (!(await this.ledger.find(id))) throw notOpen(id);
    if (span) traceSettled(span, left);
    return left;
  }

  /** Gives a reservation back, as if the call had never been. Releasing one that has ended changes nothing. */
  async release(id: ReservationId): Promise<void> {
    await this.live.end(id, (reservation) => {
      countRelease(reservation.operation);
      return Promise.resolve(async (hold) => {
        if (hold) await endOf(reservation, hold, (held) => this.store.release(held));
      });
    });
  }

  /**
   * Hands a reservation over to what is written down for it, which a `ReservationKeeper` tells of: this process looks
   * after it no more than any other. Whoever ends the work takes it back by `resume`.
   */
  entrust(id: ReservationId): void {
    this.live.handOver(id);
  }

  /** Takes a reservation that was entrusted in hand, to settle or release it. */
  resume(reservation: Reservation): void {
    if (!this.live.has(reservation.id)) this.live.add({ ...reservation, kept: true });
  }

  /** A stream that is neither read nor left is ended within the life of a reservation, and settled as far as it was read. */
  endUnread(id: ReservationId, stream: UnreadStream): void {
    this.live.watch(id, stream, this.clock.now());
  }

  /** A ledger row, and the counters with it, for work that was done elsewhere; limits are not asked. */
  async recordUsage(input: {
    caller: Caller;
    operation: Operation;
    usage: ActualUsage;
  }): Promise<ReservationId> {
    const { usage, caller, operation } = input;
    const asking = await this.asking({ caller, operation, estimate: estimateAsUsed(usage) });
    const unlimited = asking.command.counters.map(({ counter, claims }) => ({
      counter,
      claims: claims.map((claim) => ({ ...claim, hard: false })),
    }));
    const outcome = await this.ask({ ...asking, command: { ...asking.command, counters: unlimited } });
    if (outcome.kind === 'denied') throw new Error('A call without hard limits was denied.');
    this.live.add(outcome.reservation);
    await this.settle(outcome.reservation.id, usage);
    return outcome.reservation.id;
  }

  /** Whether there is room for a call, and every limit's state; holds nothing. */
  async checkLimit(input: LimitAsked): Promise<LimitCheck> {
    const now = this.clock.now();
    const [terms, system] = await Promise.all([
      this.resolver.termsOf(callerOf(input), now, input.operation),
      this.budgets.at(now),
    ]);
    const states = await this.counters.read([...terms.counters, ...system.counters]);
    const limits = await this.forecast.of(states, input.tokens ?? 1);
    return { allowed: system.breaker.kind === 'closed' && allows(limits, input), limits };
  }

  /**
   * What a caller used and holds in a period and its windows, limit by limit; each says where its window begins and
   * ends. A past period comes from the ledger alone, and has no rolling windows.
   * @throws CodedError `validation_failed` for a period that is none.
   */
  async getCurrentUsage({ period, ...caller }: UsageAsked): Promise<LimitState[]> {
    const now = this.clock.now();
    const terms = await this.resolver.termsOf(caller, now);
    const other = period === undefined ? undefined : otherPeriod(period, terms.schedule, now);
    if (other) return this.getUsageAt(caller, other.startsAtMs);
    return this.forecast.of(await this.counters.read(terms.counters), 1);
  }

  /** What a caller used in the period that holds `atMs`; a past one comes from the ledger alone. A rolling window is of no month. */
  async getUsageAt(caller: Caller, atMs: number): Promise<LimitState[]> {
    const terms = await this.resolver.termsOf(caller, atMs);
    const ofPeriods = terms.counters.filter(({ window }) => !isRolling(window));
    const states = ofPeriods.map(async ({ subject, window, limits }) => {
      const used = await this.ledger.usedIn(subject, window);
      return limits.map((limit) => ({ ...limit, subject, window, used: used[limit.unit] ?? 0, reserved: 0 }));
    });
    return (await Promise.all(states)).flat();
  }

  /** As `QuotaResets.reset`: takes back what was used in the current period. */
  reset(input: ResetInput): Promise<ResetDone> {
    return this.resets.reset(input);
  }

  private asking(input: ReserveInput): Soon<Asking> {
    const nowMs = input.id === undefined ? this.clock.now() : timeOf(input.id);
    const terms = this.resolver.termsOf(input.caller, nowMs, input.operation);
    const system = this.budgets.at(nowMs);
    if (!(terms instanceof Promise) && !(system instanceof Promise))
      return askingOf({ terms, system, input, nowMs }, this.options);
    return Promise.all([terms, system]).then(([own, all]) =>
      askingOf({ terms: own, system: all, input, nowMs }, this.options),
    );
  }

  private async ask(asking: Asking): Promise<Outcome> {
    if (!this.options.enabled) return this.free(asking, []);
    try {
      this.reconciliation.note(asking.counters);
      // The store may be back before the sweep has told it: what went past it counts for the first call already.
      if (this.stale.pending) await this.stale.flush();
      return outcomeOf(asking, await this.counters.reserve(asking.command, asking.counters));
    } catch (error) {
      this.trouble.met(error);
      if (this.options.storeFailure === 'closed') throw storeUnavailable(error);
      return this.free(
        asking,
        asking.command.counters.map(({ counter }) => counter),
      );
    }
  }

  /** @throws CodedError `circuit_open` while the breaker is open, whatever the counters say. */
  private refuseWhileOpen({ system: { breaker }, input, nowMs }: Asking): void {
    if (breaker.kind === 'closed') return;
    countRefused(input.operation);
    throw circuitOpen(breaker, nowMs);
  }

  private free(asking: Asking, passed: readonly CounterRef[]): Outcome {
    return { kind: 'reserved', reservation: uncounted(asking, passed) };
  }

  private async close({ reservation, actual, status, left }: Closing): Promise<EndInStore> {
    const latencyMs = Math.max(0, Math.round(this.clock.now() - reservation.reservedAtMs));
    const entry = usageEntryOf(reservation, actual, { status, latencyMs, softExceeded: softExceeded(left) });
    // Ledger first: if we die before the counters, the sweeper finds the row.
    const { fresh } = await this.ledger.record(entry);
    if (fresh) {
      countRow(entry);
      tellExcess(this.logger, reservation, left);
    }
    noteRoomLeft(left);
    this.stale.add(reservation.passedCounters);
    const { caller, reservedAtMs } = reservation;
    return async (hold) => {
      const now = this.clock.now();
      if (this.missed.mayBe(hold, { reservedAtMs, nowMs: now })) await this.missed.forget(caller, hold, now);
      // Who was taken for dead is charged what the sweeper wrote: the counters must say what the ledger does.
      const row = fresh ? entry : ((await this.ledger.find(entry.id)) ?? entry);
      const used = (held: Hold) => this.store.settle(held, usedBy(held, row));
      await (hold ? endOf(reservation, hold, used) : this.stale.flush());
      this.settlements.tell({ caller, limits: left });
    };
  }
}

/** A reservation that comes to its end, and what its limits will stand at then. */
interface Closing {
  readonly reservation: Reservation;
  readonly actual: ActualUsage;
  readonly status: UsageStatus;
  readonly left: readonly LimitState[];
}
