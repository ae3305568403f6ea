import { type Caller } from './domain/caller.js';
import { type Operation } from './domain/operation.js';
import { type ActualUsage } from './domain/usage.js';
import { type CallEstimate, type Reservation } from './reservation.js';

/** What a call used, as far as the method can tell; what it leaves out is taken from the estimate. */
export type ReportedUsage = Partial<ActualUsage>;

/** What a method tells of its use: at once, or when it is asked, for what is dear to count. */
export type ToldUsage = ReportedUsage | (() => ReportedUsage | undefined);

/** What a guarded method may answer with. */
export type Metered<Item> = Item | Promise<Item> | AsyncIterable<Item> | Promise<AsyncIterable<Item>>;

/** How a guarded method is metered. */
export interface RateLimitOptions<Args extends unknown[] = unknown[], Item = unknown> {
  readonly operation: Operation;
  /** Names the provider in the ledger where neither estimate nor result does. */
  readonly provider?: string;
  /** Whom to charge; without it the current caller, as carried by the call's context. */
  subject?(...args: Args): Caller | undefined;
  /** What the call will use at most; without it one call and no tokens. */
  estimate?(...args: Args): Partial<CallEstimate> | Promise<Partial<CallEstimate>>;
  /**
   * What was really used, from the result; without it the estimate. Of a stream it is asked for each item and tells
   * what was used so far: `undefined` until there was output, the last answer counts. A function is asked when the
   * stream has ended, however it ended.
   */
  actual?(result: Item, reservation: Reservation): ToldUsage | undefined;
}

/** A method that carries @RateLimit. */
export interface RateLimitedMethod {
  readonly owner: object;
  readonly name: string;
  readonly options: RateLimitOptions;
}

/** The selectors may look at the first arguments only; the method may take more. */
type MeteredMethodDecorator<Args extends unknown[], Item> = <Rest extends unknown[]>(
  owner: object,
  name: string,
  descriptor: { readonly value?: (...args: [...Args, ...Rest]) => Metered<Item> },
) => void;

const declared: RateLimitedMethod[] = [];

/**
 * Guards a method of a service: reserve, run, settle, or release where it fails. It settles results, promises and
 * async iterables (streams: when they end, fail or are abandoned). The guarded method answers asynchronously, whatever
 * it did before; a denied call throws LimitExceeded. Bound when the application starts, which fails where a decorated
 * method belongs to no provider.
 */
export function RateLimit<Args extends unknown[] = [], Item = unknown>(
  options: RateLimitOptions<Args, Item>,
): MeteredMethodDecorator<Args, Item> {
  return (owner, name) => {
    declared.push({ owner, name, options });
  };
}

/** Every method decorated in the modules loaded so far. */
export function rateLimitedMethods(): readonly RateLimitedMethod[] {
  return declared;
}
