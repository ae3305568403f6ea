import { type Soon } from '../../database/index.js';
import { type Caller } from '../domain/caller.js';
import { type Counter } from '../domain/limit.js';
import { type Operation } from '../domain/operation.js';
import { type Schedule } from '../domain/period.js';

/** What holds for one call: its counters with their limits, and the plan's output cap. */
export interface CallTerms {
  readonly counters: readonly Counter[];
  /**
   * Tomorrow's windows of its rolling limits. A call holds and settles these too, so that one that ends after midnight is
   * counted in the window that holds by then. Not for showing.
   */
  readonly ahead: readonly Counter[];
  /** The most output tokens of one call; `null` where the plan sets none. */
  readonly maxOutputTokens: number | null;
  readonly schedule: Schedule;
}

/** Finds which limits a caller meets. */
export abstract class LimitResolver {
  /**
   * @param operation leaves out the other operations' limits; without it all of them are given.
   * @returns at once where all of it is cached: to be taken as it is, since calls may share it.
   * @throws CodedError `not_found` for a user that nobody knows.
   */
  abstract termsOf(caller: Caller, atMs: number, operation?: Operation): Soon<CallTerms>;
}
