import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';

import { KeyCommand, KeyCreateCommand } from './accounts/key.command.js';
import { UserCommand, UserCreateCommand } from './accounts/user.command.js';
import { PROGRAM } from './base.command.js';
import { MigrateCommand } from './migrate.command.js';
import { Output } from './output.js';
import { PeriodCloseCommand, PeriodCommand } from './periods/period.command.js';
import { PlanCommand, PlanListCommand } from './plans/plan.command.js';
import { QuotaResetCommand } from './quotas/quota-reset.command.js';
import { QuotaShowCommand } from './quotas/quota-show.command.js';
import { QuotaCommand } from './quotas/quota.command.js';
import { RateLimitMetricsCommand } from './rate-limits/ratelimit-metrics.command.js';
import { RateLimitQuotaCommand } from './rate-limits/ratelimit-quota.command.js';
import { RateLimitStatusCommand } from './rate-limits/ratelimit-status.command.js';
import { RateLimitCommand } from './rate-limits/ratelimit.command.js';
import { ReportCommand, ReportUsageCommand } from './reports/report.command.js';
import { Workroom } from './workroom.js';

/** What of commander's root command is set here. */
interface RootCommand {
  showHelpAfterError(hint: string): RootCommand;
  name(name: string): RootCommand;
  description(text: string): RootCommand;
}

/** Every command, and what it is typed like. What a command works with is opened when it runs. */
@Module({
  providers: [
    Output,
    Workroom,
    ...[RateLimitCommand, RateLimitStatusCommand, RateLimitMetricsCommand, RateLimitQuotaCommand],
    ...[QuotaCommand, QuotaShowCommand, QuotaResetCommand],
    ...[ReportCommand, ReportUsageCommand],
    ...[PeriodCommand, PeriodCloseCommand],
    ...[UserCommand, UserCreateCommand],
    ...[KeyCommand, KeyCreateCommand],
    ...[PlanCommand, PlanListCommand],
    MigrateCommand,
  ],
})
export class CommandLineModule {
  constructor(@InjectCommander() root: RootCommand) {
    root
      .name(PROGRAM)
      .showHelpAfterError('(--help lists the commands)')
      .description(
        'Cuota on the command line, on the stores of the environment and of .env, whether a server runs or not.\n' +
          'Exit codes: 0 done, 1 failed, 2 wrong usage.',
      );
  }
}
