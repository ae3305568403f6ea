import { Command } from 'nest-commander';

import { CommandGroup } from '../base.command.js';

import { QuotaResetCommand } from './quota-reset.command.js';
import { QuotaShowCommand } from './quota-show.command.js';

@Command({
  name: 'quota',
  description: 'show and reset quotas',
  subCommands: [QuotaShowCommand, QuotaResetCommand],
})
export class QuotaCommand extends CommandGroup {}
