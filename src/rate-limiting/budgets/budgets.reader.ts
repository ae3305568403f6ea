import { Inject, Injectable } from '@nestjs/common';

import { WarmCounters } from '../counters/warm-counters.js';
import { Clock } from '../domain/clock.js';
import { type CounterWindow } from '../domain/limit.js';
import {
  BREAKER_LIMIT,
  breakerWindow,
  type BreakerState,
  EVERYBODY,
  HOUR_LIMIT,
  hourWindowAt,
} from '../domain/system-budgets.js';
import { Ledger } from '../ledger/ledger.port.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../rate-limiting.options.js';

import { CircuitBreaker } from './circuit-breaker.js';

/** What all callers together spent and hold in a window. Money in nano-dollars; a maximum of 0 is unlimited. */
export interface BudgetStanding {
  readonly usedNanoUsd: number;
  readonly reservedNanoUsd: number;
  readonly maxNanoUsd: number;
  readonly window: CounterWindow;
}

/** What the budgets of the system stand at. */
export interface BudgetsStanding {
  readonly breaker: BreakerState;
  readonly sinceClosed: BudgetStanding;
  readonly hour: BudgetStanding;
}

/** Looks at the budgets that all callers share; holds nothing. */
@Injectable()
export class BudgetsReader {
  constructor(
    private readonly counters: WarmCounters,
    private readonly ledger: Ledger,
    private readonly breaker: CircuitBreaker,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** @throws CodedError `store_unavailable` where the counters or the ledger cannot be reached. */
  async look(): Promise<BudgetsStanding> {
    const { hourlyNanoUsd = 0, breakerNanoUsd = 0 } = this.options.budgets ?? {};
    const breaker = await this.breaker.state();
    const [hour, sinceClosed] = await Promise.all([
      this.standing(HOUR_LIMIT, hourWindowAt(this.clock.now()), hourlyNanoUsd),
      this.standing(BREAKER_LIMIT, breakerWindow(breaker.sinceMs), breakerNanoUsd),
    ]);
    return { breaker, hour, sinceClosed };
  }

  private async standing(name: string, window: CounterWindow, max: number): Promise<BudgetStanding> {
    const told = { maxNanoUsd: max, window };
    // What no call is held to is not counted; only the ledger knows of it.
    if (max === 0 || !this.options.enabled) {
      const used = await this.ledger.usedIn(EVERYBODY, window);
      return { ...told, usedNanoUsd: used.cost ?? 0, reservedNanoUsd: 0 };
    }
    const limits = [{ name, unit: 'cost', max, enforcement: 'hard' } as const];
    const [state] = await this.counters.read([{ subject: EVERYBODY, window, limits }]);
    return { ...told, usedNanoUsd: state?.used ?? 0, reservedNanoUsd: state?.reserved ?? 0 };
  }
}
