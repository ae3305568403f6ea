import { Command } from 'nest-commander';

import { CommandGroup } from '../base.command.js';

import { RateLimitMetricsCommand } from './ratelimit-metrics.command.js';
import { RateLimitQuotaCommand } from './ratelimit-quota.command.js';
import { RateLimitStatusCommand } from './ratelimit-status.command.js';

@Command({
  name: 'ratelimit',
  description: 'limits: status, metrics, and quotas of workflows',
  subCommands: [RateLimitStatusCommand, RateLimitMetricsCommand, RateLimitQuotaCommand],
})
export class RateLimitCommand extends CommandGroup {}
