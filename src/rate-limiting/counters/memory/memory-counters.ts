import { type Clock } from '../../domain/clock.js';
import {
  type ClaimState,
  type ColdCounter,
  type CounterRef,
  type CounterState,
  type CounterVersion,
  type UnitAmounts,
} from '../../domain/counters.js';
import { type Unit, UNITS } from '../../domain/operation.js';

const SWEEP_EVERY = 1_000;

/** Where a unit's amount stands. */
const INDEX: Readonly<Record<Unit, number>> = {
  tokens: 0,
  calls: 1,
  cost: 2,
  script_generation: 3,
  video_generation: 4,
  image_generation: 5,
  llm_call: 6,
  embedding: 7,
};

/** One counter: what a subject used and holds in one window. */
export class MemoryCounter {
  version: CounterVersion | undefined;
  token: string | undefined;
  filledAtMs = 0;
  private readonly used = new Float64Array(UNITS.length);
  private readonly reserved = new Float64Array(UNITS.length);

  constructor(readonly expiresAtMs: number) {}

  stateOf(unit: Unit): ClaimState {
    const at = INDEX[unit];
    return { used: this.used[at] ?? 0, reserved: this.reserved[at] ?? 0 };
  }

  /** What is used and held of a unit together. */
  takenOf(unit: Unit): number {
    const at = INDEX[unit];
    return (this.used[at] ?? 0) + (this.reserved[at] ?? 0);
  }

  /** What all units stand at, zeros left out. */
  state(): CounterState {
    return { used: amountsIn(this.used), reserved: amountsIn(this.reserved) };
  }

  addUsed(unit: Unit, amount: number): void {
    const at = INDEX[unit];
    this.used[at] = (this.used[at] ?? 0) + amount;
  }

  addReserved(unit: Unit, amount: number): void {
    const at = INDEX[unit];
    this.reserved[at] = Math.max(0, (this.reserved[at] ?? 0) + amount);
  }

  fill(used: UnitAmounts, version: CounterVersion, atMs: number): void {
    this.filledAtMs = atMs;
    for (const unit of UNITS) this.used[INDEX[unit]] = used[unit] ?? 0;
    this.version = version;
    this.token = undefined;
  }

  /** Cold from now on; a load under way is void. What is reserved stays. */
  forget(): void {
    this.version = undefined;
    this.token = undefined;
  }
}

/** The counters of one kind of subject in one window. */
type Window = Map<string, MemoryCounter>;

/** All counters of a process, by subject and window; those past their expiry are dropped now and then. */
export class MemoryCounters {
  /** By kind, window and id, so that no name has to be put together for each call. */
  private readonly kinds = new Map<string, Map<string, Window>>();
  private stamps = 0;
  private made = 0;

  constructor(private readonly clock: Clock) {}

  /** The counter, made cold where there was none. */
  of(ref: CounterRef): MemoryCounter {
    const known = this.peek(ref);
    if (known) return known;
    const counter = new MemoryCounter(ref.expiresAtMs);
    this.windowOf(ref).set(ref.subject.id, counter);
    if (++this.made % SWEEP_EVERY === 0) this.dropExpired();
    return counter;
  }

  peek({ subject, window }: CounterRef): MemoryCounter | undefined {
    return this.kinds.get(subject.kind)?.get(window)?.get(subject.id);
  }

  /** Every counter is cold from now on. */
  forgetAll(): void {
    for (const windows of this.kinds.values()) {
      for (const window of windows.values()) for (const counter of window.values()) counter.forget();
    }
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

  private windowOf({ subject, window: name }: CounterRef): Window {
    const windows = this.kinds.get(subject.kind) ?? new Map<string, Window>();
    this.kinds.set(subject.kind, windows);
    const window = windows.get(name) ?? new Map<string, MemoryCounter>();
    windows.set(name, window);
    return window;
  }

  private dropExpired(): void {
    const now = this.clock.now();
    for (const windows of this.kinds.values()) {
      for (const [name, window] of windows) {
        for (const [id, counter] of window) if (counter.expiresAtMs <= now) window.delete(id);
        if (window.size === 0) windows.delete(name);
      }
    }
  }
}

function amountsIn(amounts: Float64Array): UnitAmounts {
  const found: UnitAmounts = {};
  for (const unit of UNITS) {
    const amount = amounts[INDEX[unit]];
    if (amount) found[unit] = amount;
  }
  return found;
}
