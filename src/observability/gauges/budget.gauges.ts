import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { BREAKER_LIMIT, type BudgetStanding, BudgetsReader, HOUR_LIMIT } from '../../rate-limiting/index.js';
import { gauge } from '../../telemetry/index.js';

const NANO_PER_USD = 1_000_000_000;

const OPEN = gauge({
  name: 'circuit_breaker_open',
  help: '1 while the circuit breaker refuses every call, over all instances.',
});
const USED = gauge({
  name: 'system_budget_used_usd',
  help: 'What all callers together spent of a budget of the system, in US dollars: in the clock hour, and since the circuit breaker was closed.',
  labels: ['limit'],
});
const MAX = gauge({
  name: 'system_budget_limit_usd',
  help: 'What all callers together may spend, in US dollars; none where it is unlimited.',
  labels: ['limit'],
});

/** What the budgets of the system stand at, asked when somebody looks. */
@Injectable()
export class BudgetGauges implements OnModuleInit, OnModuleDestroy {
  private stops: (() => void)[] = [];

  constructor(private readonly budgets: BudgetsReader) {}

  onModuleInit(): void {
    this.stops = [
      OPEN.readFrom(async () => {
        const { breaker } = await this.budgets.look();
        return [{ labels: {}, value: breaker.kind === 'open' ? 1 : 0 }];
      }),
      USED.readFrom(() => this.each(({ usedNanoUsd }) => usedNanoUsd)),
      MAX.readFrom(async () => {
        const maxima = await this.each(({ maxNanoUsd }) => maxNanoUsd);
        return maxima.filter(({ value }) => value > 0);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  private async each(amountOf: (standing: BudgetStanding) => number) {
    const { hour, sinceClosed } = await this.budgets.look();
    return [
      { labels: { limit: HOUR_LIMIT }, value: amountOf(hour) / NANO_PER_USD },
      { labels: { limit: BREAKER_LIMIT }, value: amountOf(sinceClosed) / NANO_PER_USD },
    ];
  }
}
