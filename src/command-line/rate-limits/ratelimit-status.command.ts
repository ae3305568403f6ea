import { SubCommand } from 'nest-commander';

import { ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list, table } from '../table.js';
import { Workroom } from '../workroom.js';

import { type StatusShown } from './status.desk.js';

@SubCommand({
  name: 'status',
  description: 'settings of the limits, stores, instances, calls in flight, providers',
})
export class RateLimitStatusCommand extends ShowingCommand {
  protected override readonly examples = ['ratelimit status', 'ratelimit status --json'];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  override async run(_: string[], options: ShowOptions): Promise<void> {
    const status = await this.workroom.with(
      async () => ({
        desk: (await import('./status.desk.js')).StatusDesk,
        modules: [(await import('./status.module.js')).StatusModule],
      }),
      (desk) => desk.status(),
    );
    await this.show(options, status, textOf);
  }
}

function textOf(status: StatusShown): string {
  const { enabled, storeFailure, counters, stores, instances, reservations, quota, budgets } = status;
  const facts = {
    'rate limiting': enabled ? 'on' : 'off: nothing is denied',
    'when the store is down': storeFailure === 'closed' ? 'calls are denied' : 'calls go through uncounted',
    counters: counters === 'redis' ? 'in Redis' : "in the server's memory",
    PostgreSQL: stores.postgres ? 'answers' : 'does not answer',
    Redis: stores.redis === 'off' ? 'not used' : stores.redis ? 'answers' : 'does not answer',
    'instances alive': instances,
    'calls in flight': reservations?.live,
    'of them overdue': reservations?.overdue,
    'quotas turn in': quota.timeZone,
    'rolling quota': `${quota.defaultDailyTokens} tokens a day over ${quota.windowDays} days, ${quota.enforcement}`,
    'budget an hour': `${budgets.hourlyUsd} USD`,
    'circuit breaker': `${budgets.circuitBreakerUsd} USD, ${budgets.circuitBreaker ?? 'state unknown'}`,
    routing: status.routingPolicy,
  };
  const providers = status.providers.map((provider) => ({
    provider: provider.name,
    state: provider.state,
    until: provider.until,
    'requests/s': provider.ratePerSec,
    permits: provider.availablePermits,
    models: provider.models.join(', '),
    at: provider.baseUrl,
  }));
  return `${list(facts)}\n${table(providers)}`;
}
