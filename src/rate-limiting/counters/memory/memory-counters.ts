import { type Clock } from '../../domain/clock.js';
import {
  type ClaimState,
  type ColdCounter,
  type CounterRef,
  type CounterState,
  type CounterVersion,
  type UnitAmounts,
} from '../../domain/counters.js';
import { type Unit } from '../../domain/operation.js';

const SWEEP_EVERY = 1_000;

/** One counter: what a subject used and holds in one window. */
export class MemoryCounter {
  version: CounterVersion | undefined;
  token: string | undefined;
  private used: UnitAmounts = {};
  private readonly reserved: UnitAmounts = {};

  constructor(readonly expiresAtMs: number) {}

  stateOf(unit: Unit): ClaimState {
    return { used: this.used[unit] ?? 0, reserved: this.reserved[unit] ?? 0 };
  }

  state(): CounterState {
    return { used: { ...this.used }, reserved: { ...this.reserved } };
  }

  addUsed(unit: Unit, amount: number): void {
    this.used[unit] = (this.used[unit] ?? 0) + amount;
  }

  addReserved(unit: Unit, amount: number): void {
    this.reserved[unit] = Math.max(0, (this.reserved[unit] ?? 0) + amount);
  }

  fill(used: UnitAmounts, version: CounterVersion): void {
    this.used = { ...used };
    this.version = version;
    this.token = undefined;
  }

  /** Cold from now on; a load under way is void. What is reserved stays. */
  forget(): void {
    this.version = undefined;
    this.token = undefined;
  }
}

/** All counters of a process, by subject and window; those past their expiry are dropped now and then. */
export class MemoryCounters {
  private readonly counters = new Map<string, MemoryCounter>();
  private stamps = 0;
  private made = 0;

  constructor(private readonly clock: Clock) {}

  /** The counter, made cold where there was none. */
  of(ref: CounterRef): MemoryCounter {
    const known = this.peek(ref);
    if (known) return known;
    const counter = new MemoryCounter(ref.expiresAtMs);
    this.counters.set(nameOf(ref), counter);
    if (++this.made % SWEEP_EVERY === 0) this.dropExpired();
    return counter;
  }

  peek(ref: CounterRef): MemoryCounter | undefined {
    return this.counters.get(nameOf(ref));
  }

  /** Every counter is cold from now on. */
  forgetAll(): void {
    for (const counter of this.counters.values()) counter.forget();
  }

  /** The token with which a cold counter may be loaded. */
  chill(ref: CounterRef, counter: MemoryCounter): ColdCounter {
    counter.token ??= String(this.stamp());
    return { counter: ref, token: counter.token };
  }

  /** A number never given before. */
  stamp(): number {
    return ++this.stamps;
  }

  private dropExpired(): void {
    const now = this.clock.now();
    for (const [name, counter] of this.counters) {
      if (counter.expiresAtMs <= now) this.counters.delete(name);
    }
  }
}

function nameOf({ subject, window }: CounterRef): string {
  return `${subject.kind}:${window}:${subject.id}`;
}
