import { describeTake, takeFrom } from '../../domain/bucket.js';
import { type Clock } from '../../domain/clock.js';
import {
  CounterStore,
  type ClaimState,
  type ColdCounter,
  type CounterClaims,
  type CounterRef,
  type HeldAmount,
  type HeldCounter,
  type Hold,
  type PermitsAnswer,
  type ReadAnswer,
  type ReserveAnswer,
  type ReserveCommand,
  type TakePermits,
  type UnitAmounts,
} from '../../domain/counters.js';
import { amountOf, grant, type Weighed } from '../../domain/decision.js';

import { asRestored } from '../../kept-reservations.js';
import { rereadPatienceMs } from '../reread-patience.js';
import { type MemoryCounter, MemoryCounters } from './memory-counters.js';

interface Warm {
  readonly claims: CounterClaims;
  readonly counter: MemoryCounter;
  readonly version: number;
}

/** Counters in this process's memory: for one process. The same behaviour as Redis, without one. */
export class MemoryCounterStore extends CounterStore {
  private readonly counters: MemoryCounters;
  private readonly holds = new Map<string, Hold>();
  private readonly buckets = new Map<string, number>();

  constructor(private readonly clock: Clock) {
    super();
    this.counters = new MemoryCounters(clock);
  }

  reserve(command: ReserveCommand): Promise<ReserveAnswer> {
    const cold: ColdCounter[] = [];
    const warm: Warm[] = [];
    for (const claims of command.counters) {
      const counter = this.counters.of(claims.counter);
      if (counter.version === undefined) cold.push(this.counters.chill(claims.counter, counter));
      else warm.push({ claims, counter, version: counter.version });
    }
    return Promise.resolve(cold.length > 0 ? { kind: 'cold', cold } : this.decide(command, warm));
  }

  settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean> {
    // As it stands here: one that outlived its process has the versions of another's counters.
    const { counters } = this.holds.get(hold.id) ?? hold;
    const ended = this.holds.delete(hold.id);
    counters.forEach(({ counter: ref, version, amounts }, index) => {
      const counter = this.counters.peek(ref);
      if (!counter) return;
      // Else whether the rebuild saw this call's row cannot be known, and the ledger is read anew.
      const counts = counter.version === version || this.wasJustRead(ref, counter);
      for (const { unit, amount } of ended ? amounts : []) {
        counter.addReserved(unit, -amount);
        if (counts) counter.addUsed(unit, used[index]?.[unit] ?? 0);
      }
      if (!counts) counter.forget();
    });
    return Promise.resolve(ended);
  }

  private wasJustRead(ref: CounterRef, counter: MemoryCounter): boolean {
    if (counter.version === undefined) return false;
    return this.clock.now() - counter.filledAtMs < rereadPatienceMs(ref);
  }

  release(hold: Hold): Promise<boolean> {
    const ended = this.holds.delete(hold.id);
    for (const { counter: ref, amounts } of ended ? hold.counters : []) {
      const counter = this.counters.peek(ref);
      for (const { unit, amount } of amounts) counter?.addReserved(unit, -amount);
    }
    return Promise.resolve(ended);
  }

  load({ counter: ref, token }: ColdCounter, used: UnitAmounts): Promise<boolean> {
    const counter = this.counters.of(ref);
    if (counter.token !== token) return Promise.resolve(false);
    counter.fill(used, this.counters.stamp(), this.clock.now());
    return Promise.resolve(true);
  }

  invalidate(counters: readonly CounterRef[]): Promise<void> {
    for (const ref of counters) this.counters.peek(ref)?.forget();
    return Promise.resolve();
  }

  invalidateAll(): Promise<void> {
    this.counters.forgetAll();
    return Promise.resolve();
  }

  read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    const answers = counters.map((ref): ReadAnswer => {
      const counter = this.counters.of(ref);
      if (counter.version === undefined) return { kind: 'cold', cold: this.counters.chill(ref, counter) };
      return { kind: 'warm', state: counter.state() };
    });
    return Promise.resolve(answers);
  }

  renew(hold: Hold, ttlMs: number): Promise<Hold | undefined> {
    if (!this.holds.has(hold.id)) return Promise.resolve(undefined);
    const renewed = { ...hold, deadlineMs: this.clock.now() + ttlMs };
    this.holds.set(hold.id, renewed);
    return Promise.resolve(renewed);
  }

  restore(hold: Hold, ttlMs: number): Promise<void> {
    if (this.holds.has(hold.id)) return Promise.resolve();
    const restored = { ...asRestored(hold), deadlineMs: this.clock.now() + ttlMs };
    for (const { counter: ref, amounts } of restored.counters) {
      for (const { unit, amount } of amounts) this.counters.of(ref).addReserved(unit, amount);
    }
    this.holds.set(hold.id, restored);
    return Promise.resolve();
  }

  overdue(limit: number): Promise<Hold[]> {
    const now = this.clock.now();
    const late = [...this.holds.values()].filter((hold) => hold.deadlineMs <= now);
    late.sort((a, b) => a.deadlineMs - b.deadlineMs || (a.id < b.id ? -1 : 1));
    return Promise.resolve(late.slice(0, limit));
  }

  takePermits(command: TakePermits): Promise<PermitsAnswer> {
    const nowUs = this.clock.now() * 1000;
    const before = this.buckets.get(command.bucket);
    const { taken, fullAtUs } = takeFrom({ fullAtUs: before, nowUs }, command.permits, command);
    if (taken) this.rememberBucket(command.bucket, fullAtUs, nowUs);
    return Promise.resolve(describeTake(taken, command.permits, { fullAtUs, nowUs }, command));
  }

  private decide(command: ReserveCommand, warm: readonly Warm[]): ReserveAnswer {
    const most = command.elastic.max;
    const granted = hasRoom(warm, most) ? most : grant(command.elastic, weighed(warm));
    return granted === undefined
      ? { kind: 'denied', states: statesOf(warm) }
      : this.hold(command, warm, granted);
  }

  private hold({ id, ttlMs }: ReserveCommand, warm: readonly Warm[], granted: number): ReserveAnswer {
    const counters: HeldCounter[] = [];
    const states: ClaimState[][] = [];
    for (const { claims, counter, version } of warm) {
      const amounts: HeldAmount[] = [];
      const state: ClaimState[] = [];
      for (const claim of claims.claims) {
        const amount = amountOf(claim, granted);
        counter.addReserved(claim.unit, amount);
        amounts.push({ unit: claim.unit, amount });
        state.push(counter.stateOf(claim.unit));
      }
      counters.push({ counter: claims.counter, version, amounts });
      states.push(state);
    }
    const hold = { id, deadlineMs: this.clock.now() + ttlMs, counters };
    this.holds.set(id, hold);
    return { kind: 'reserved', granted, hold, states };
  }

  /** Full buckets need no remembering: they are dropped as new ones come, so that callers of old do not pile up. */
  private rememberBucket(bucket: string, fullAtUs: number, nowUs: number): void {
    this.buckets.delete(bucket);
    this.buckets.set(bucket, fullAtUs);
    for (const [oldest, full] of this.buckets) {
      if (full > nowUs) break;
      this.buckets.delete(oldest);
    }
  }
}

/** The common case, before anything is weighed: every hard limit has room for the largest form of the call. */
function hasRoom(warm: readonly Warm[], granted: number): boolean {
  for (const { claims, counter } of warm) {
    for (const claim of claims.claims) {
      if (!claim.hard || claim.max === 0) continue;
      if (counter.takenOf(claim.unit) + amountOf(claim, granted) > claim.max) return false;
    }
  }
  return true;
}

function weighed(warm: readonly Warm[]): Weighed[] {
  return warm.flatMap(({ claims, counter }) =>
    claims.claims.map((claim) => ({ claim, state: counter.stateOf(claim.unit) })),
  );
}

function statesOf(warm: readonly Warm[]) {
  return warm.map(({ claims, counter }) => claims.claims.map((claim) => counter.stateOf(claim.unit)));
}
