import { Injectable } from '@nestjs/common';

import { validationFailed } from '../errors.js';
import {
  type Caller,
  Clock,
  dayAt,
  formatUsd,
  limitView,
  LimitResolver,
  type Period,
  periodAt,
  periodOfMonth,
  RateLimitingService,
  type Schedule,
  type UsageTotal,
  UsageReportStore,
  type UserId,
} from '../rate-limiting/index.js';

import { type UsageReportDto, type UsageSumDto, type UsageTotalsDto } from './usage.dto.js';

type UserCaller = Caller & { readonly userId: UserId };

/** A user's usage of one month: limits out of the counters, totals out of the roll-up. */
@Injectable()
export class UsageReader {
  constructor(
    private readonly limiting: RateLimitingService,
    private readonly resolver: LimitResolver,
    private readonly reports: UsageReportStore,
    private readonly clock: Clock,
  ) {}

  /** @param month `2026-11`; the current period where absent. */
  async of(caller: UserCaller, month?: string): Promise<UsageReportDto> {
    const now = this.clock.now();
    const { schedule } = await this.resolver.termsOf(caller, now);
    const current = periodAt(now, schedule);
    const period = month === undefined ? current : periodOf(month, schedule);
    const states =
      period.name === current.name
        ? await this.limiting.getCurrentUsage(caller)
        : await this.limiting.getUsageAt(caller, period.startsAtMs);
    return {
      period: period.name,
      startsAt: new Date(period.startsAtMs).toISOString(),
      endsAt: new Date(period.endsAtMs).toISOString(),
      limits: states.map(limitView),
      totals: await this.totalsOf(caller, period, schedule),
    };
  }

  private async totalsOf(
    caller: UserCaller,
    period: Period,
    { timeZone }: Schedule,
  ): Promise<UsageTotalsDto> {
    const endDay = dayAt(period.endsAtMs, timeZone);
    const { byOperation, byProvider } = await this.reports.totalsOf(
      { userId: caller.userId },
      period.name,
      endDay,
    );
    return {
      byOperation: byOperation.map((sum) => ({ operation: sum.operation, ...sumView(sum) })),
      byProvider: byProvider.map((sum) => ({ provider: sum.provider, ...sumView(sum) })),
    };
  }
}

function periodOf(month: string, schedule: Schedule): Period {
  const period = periodOfMonth(month, schedule);
  if (period) return period;
  throw validationFailed([{ path: 'month', message: 'month must be YYYY-MM, such as 2026-11' }]);
}

function sumView({ calls, inputTokens, outputTokens, totalTokens, costNanoUsd }: UsageTotal): UsageSumDto {
  return { calls, inputTokens, outputTokens, totalTokens, costUsd: formatUsd(costNanoUsd) };
}
