import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { ChangeFeed } from '../../database/index.js';
import {
  type ChangeRecorder,
  LOGGED_CHANGES,
  type QuotaChangeContext,
} from '../adjustments/change-recorder.port.js';
import { Clock } from '../domain/clock.js';
import { type LimitState } from '../domain/limit.js';
import { formatUsd } from '../domain/money.js';
import { type Denial, denialOf } from '../domain/outcome.js';
import {
  breakerAt,
  breakerLimitOf,
  type BreakerState,
  EVERYBODY,
  type OpenBreaker,
  opensBreaker,
} from '../domain/system-budgets.js';
import { circuitOpen } from '../rate-limiting.errors.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { BREAKER_CHANGE, BreakerStore } from './breaker.store.js';

/** Calls in flight hold the room that is left of the money: what they do not use comes back when they end. */
const ROOM_RETURNS_MS = 5_000;
const DEFAULT_COOLDOWN_MS = 3_600_000;

/**
 * Opens when a call would carry what all callers spent past the maximum: from then on every call is refused, on every
 * instance, until an admin closes it or its cool-down has passed. Then it counts anew.
 */
@Injectable()
export class CircuitBreaker implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(CircuitBreaker.name);
  private readonly listeners = new Set<(open: OpenBreaker) => void>();
  private readonly stops: (() => unknown)[] = [];
  private opening: Promise<boolean> | undefined;
  private toldOfMs: number | undefined;

  constructor(
    private readonly store: BreakerStore,
    private readonly feed: ChangeFeed,
    @Inject(LOGGED_CHANGES) private readonly changes: ChangeRecorder,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** After the store's own listener, which has it read anew. */
  onModuleInit(): void {
    const changed = this.feed.onChange(({ kind }) => {
      if (kind === BREAKER_CHANGE) this.look();
    });
    const interrupted = this.feed.onInterruption(() => {
      this.look();
    });
    this.stops.push(changed, interrupted);
  }

  onModuleDestroy(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Whether it is open now, and from when until when; where it is unlimited, or limits are off, it never is. */
  async state(): Promise<BreakerState> {
    const state = breakerAt(await this.store.row(), this.clock.now());
    return this.isLimited ? state : { kind: 'closed', sinceMs: state.sinceMs };
  }

  /**
   * Tells when it has opened, whichever instance opened it: once an opening. Work that goes on is to be ended then, such
   * as sessions. Listeners must not wait. @returns ends it
   */
  onOpened(listener: (open: OpenBreaker) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * What becomes of a call that was denied: it may open the breaker, as `opensBreaker` says.
   * @param leastNanoUsd what the smallest form of the call may cost.
   * @throws CodedError `circuit_open` where it is open now.
   */
  async judge(denial: Denial, leastNanoUsd: number): Promise<Denial> {
    const limit = breakerLimitOf(denial.limits);
    if (!limit) return denial;
    const open = opensBreaker(denial, leastNanoUsd) ? await this.open(limit) : undefined;
    if (open) throw circuitOpen(open, this.clock.now());
    const now = this.clock.now();
    const limits = denial.limits.map((one) =>
      one === limit ? { ...one, roomAtMs: now + ROOM_RETURNS_MS } : one,
    );
    return denialOf(limits, now);
  }

  /** Closes it, and counts anew from now on; where it is closed, it counts anew. Holds everywhere within a second. */
  async reset({ actor, reason }: QuotaChangeContext): Promise<void> {
    await this.changes.run({ actor, reason }, async (change) => {
      const before = await this.store.locked(change.manager);
      const state = breakerAt(before, this.clock.now());
      // Later than every call before it, and another window than the last, also within a millisecond.
      const sinceMs = Math.max(this.clock.now(), state.sinceMs) + 1;
      await this.store.close(change.manager, sinceMs);
      await change.record({
        action: 'circuit_breaker.reset',
        subject: { kind: EVERYBODY.kind, id: 'circuit-breaker' },
        before: shownOf(state),
        after: shownOf({ kind: 'closed', sinceMs }),
      });
      await change.announce(BREAKER_CHANGE, EVERYBODY.id);
    });
    this.store.forget();
  }

  private get isLimited(): boolean {
    return this.options.enabled && (this.options.budgets?.breakerNanoUsd ?? 0) > 0;
  }

  /** @returns nothing where it is closed all the same: an admin was faster, or Postgres is away and the next denial tries again. */
  private async open({ window, max }: LimitState): Promise<OpenBreaker | undefined> {
    const openedAtMs = this.clock.now();
    const closesAtMs = openedAtMs + (this.options.budgets?.breakerCooldownMs ?? DEFAULT_COOLDOWN_MS);
    const wanted = { kind: 'open', sinceMs: window.startsAtMs, openedAtMs, closesAtMs } as const;
    try {
      this.opening ??= this.store.open(wanted).finally(() => (this.opening = undefined));
      if (await this.opening)
        this.logger.error(
          { spentUsd: formatUsd(max), closesAt: new Date(closesAtMs).toISOString() },
          'The circuit breaker has opened: calls are refused until an admin closes it or its cool-down has passed.',
        );
      const state = await this.state();
      return state.kind === 'open' ? state : undefined;
    } catch (error) {
      this.logger.error(
        { err: error },
        'The circuit breaker could not be opened; the next call tries again.',
      );
      return undefined;
    }
  }

  private look(): void {
    if (this.listeners.size === 0) return;
    this.state()
      .then((state) => {
        if (state.kind !== 'open' || state.openedAtMs === this.toldOfMs) return;
        this.toldOfMs = state.openedAtMs;
        for (const listener of this.listeners) listener(state);
      })
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'Whether the circuit breaker is open could not be read.');
      });
  }
}

function shownOf(state: BreakerState): object {
  const { kind, sinceMs } = state;
  const since = new Date(sinceMs).toISOString();
  if (kind === 'closed') return { state: kind, since };
  const openedAt = new Date(state.openedAtMs).toISOString();
  return { state: kind, since, openedAt, closesAt: new Date(state.closesAtMs).toISOString() };
}
