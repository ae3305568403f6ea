import { type Subject } from './caller.js';
import { type ReservationId } from './ids.js';
import { type Unit } from './operation.js';

/** Names one counter: whose it is and which stretch of time it covers. */
export interface CounterRef {
  readonly subject: Subject;
  /** The window's name, such as the period `2026-11-01`. */
  readonly window: string;
  /** When the store may forget it: some time past the window's end. */
  readonly expiresAtMs: number;
}

/**
 * What a call asks of one unit: `ceil(base + perElastic × granted)`. `granted` is the elastic part of the call, its
 * output tokens: the same number for all of its claims, chosen by the store as the largest that fits all hard limits.
 */
export interface Claim {
  readonly unit: Unit;
  /** 0 is unlimited. */
  readonly max: number;
  /** Only a hard limit denies. */
  readonly hard: boolean;
  readonly base: number;
  readonly perElastic: number;
}

export interface CounterClaims {
  readonly counter: CounterRef;
  readonly claims: readonly Claim[];
}

/** The elastic part that the caller wants at most, and the least it can do with. A call without one has 0 and 0. */
export interface Elastic {
  readonly min: number;
  readonly max: number;
}

export interface ReserveCommand {
  readonly id: ReservationId;
  /** How long the reservation lives until the sweeper settles it. */
  readonly ttlMs: number;
  readonly elastic: Elastic;
  readonly counters: readonly CounterClaims[];
}

/** One claim's counter: before the call for a denial, with the call's own amount for a reservation. */
export interface ClaimState {
  readonly used: number;
  readonly reserved: number;
}

/**
 * A counter's version is the stamp of the load that filled it. A settlement that finds another version than its
 * reservation was made in knows that the counter was rebuilt from the ledger in between, and has it rebuilt again.
 */
export type CounterVersion = number;

/** What a store holds for a call: all that settling it needs, and nothing that only one process knows. */
export interface Hold {
  readonly id: ReservationId;
  readonly deadlineMs: number;
  readonly counters: readonly HeldCounter[];
  /** Absent where one place keeps all of it. */
  readonly parts?: HoldParts;
}

/** A hold whose counters are kept in several places, each of which keeps its part by itself. */
export interface HoldParts {
  readonly places: readonly number[];
  /** Of some places there is none (any more): it was cut off while it was made, ended or given back. */
  readonly missing: boolean;
}

export interface HeldCounter {
  readonly counter: CounterRef;
  readonly version: CounterVersion;
  readonly amounts: readonly HeldAmount[];
}

export interface HeldAmount {
  readonly unit: Unit;
  readonly amount: number;
}

/** A counter that must be loaded from the ledger; the token proves to `load` that nothing was settled since. */
export interface ColdCounter {
  readonly counter: CounterRef;
  readonly token: string;
}

/** `states` are in the order of the command's counters and claims. */
export type ReserveAnswer =
  | {
      readonly kind: 'reserved';
      readonly granted: number;
      readonly hold: Hold;
      readonly states: ClaimState[][];
    }
  | { readonly kind: 'denied'; readonly states: ClaimState[][] }
  | { readonly kind: 'cold'; readonly cold: ColdCounter[] };

/** What was really used of each unit of one counter. */
export type UnitAmounts = Partial<Record<Unit, number>>;

/** What a counter stands at, in full. */
export interface CounterState {
  readonly used: UnitAmounts;
  readonly reserved: UnitAmounts;
}

export interface TakePermits {
  /** One bucket of one caller: `endpoint:<caller>:<route>`. */
  readonly bucket: string;
  readonly permits: number;
  /** The bucket's capacity. */
  readonly burst: number;
  readonly refillPerSec: number;
}

export interface PermitsAnswer {
  readonly taken: boolean;
  /** Whole permits left. */
  readonly remaining: number;
  /** Until as many permits as were asked for are there; 0 where they were taken. */
  readonly retryAfterMs: number;
  /** Until the bucket is full again. */
  readonly fullAfterMs: number;
}

/**
 * Where limits are counted. Two implementations of one behaviour (Redis, memory), held together by one contract
 * suite and a property test. Every verb is atomic; time is the store's own.
 */
export abstract class CounterStore {
  /** How often its counters began anew and were filled from the ledger again, as far as this process has seen. */
  get turns(): number {
    return 0;
  }

  /** Holds a call's amounts against every limit, or against none. */
  abstract reserve(command: ReserveCommand): Promise<ReserveAnswer>;

  /**
   * Replaces a hold by what was really used (`used[i]` belongs to `hold.counters[i]`). A second settlement of the same
   * hold changes nothing. A counter that was emptied or rebuilt since is marked cold, since the ledger knows better.
   * @returns whether this call was the one that ended the hold.
   */
  abstract settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean>;

  /** Gives a hold back, as if the call had never been. @returns whether this call was the one that ended the hold. */
  abstract release(hold: Hold): Promise<boolean>;

  /** Fills a cold counter, unless it was filled, or something was settled on it, since its token was given. */
  abstract load(cold: ColdCounter, used: UnitAmounts): Promise<boolean>;

  /** Forgets what counters stand at (never their holds), so that the next call loads them from the ledger. */
  abstract invalidate(counters: readonly CounterRef[]): Promise<void>;

  /** As `invalidate`, of every counter: in parts, so that calls go on in between. */
  abstract invalidateAll(): Promise<void>;

  /** What counters stand at; cold ones as `{ kind: 'cold' }`, to be loaded. */
  abstract read(counters: readonly CounterRef[]): Promise<ReadAnswer[]>;

  /** Pushes a hold's deadline out: for jobs that outlive the first. @returns false where the hold has ended. */
  abstract renew(hold: Hold, ttlMs: number): Promise<Hold | undefined>;

  /** Holds again what was held, where the store knows nothing of it: in any form that it may have been registered in. */
  abstract restore(hold: Hold, ttlMs: number): Promise<void>;

  /** Holds past their deadline, the longest overdue first. */
  abstract overdue(limit: number): Promise<Hold[]>;

  /** Takes permits out of a token bucket, or none. A negative number is put back: `givePermits` is the name for that. */
  abstract takePermits(command: TakePermits): Promise<PermitsAnswer>;

  /** Puts permits back that were taken and not used; a bucket holds its burst at most. */
  givePermits(command: TakePermits): Promise<PermitsAnswer> {
    return this.takePermits({ ...command, permits: -command.permits });
  }
}

export type ReadAnswer =
  | { readonly kind: 'warm'; readonly state: CounterState }
  | { readonly kind: 'cold'; readonly cold: ColdCounter };
