import { Command, SubCommand } from 'nest-commander';

import { CommandGroup, ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list, table } from '../table.js';
import { Workroom } from '../workroom.js';

@SubCommand({
  name: 'close',
  description:
    'close the periods that have ended; servers do it by themselves, and once more changes nothing',
})
export class PeriodCloseCommand extends ShowingCommand {
  protected override readonly examples = ['period close', 'period close --json'];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  override async run(_: string[], options: ShowOptions): Promise<void> {
    const done = await this.workroom.with(
      async () => ({ desk: (await import('./periods.desk.js')).PeriodsDesk }),
      (desk) => desk.close(),
    );
    await this.show(options, done, ({ closed, partitionsMade, partitionsDropped }) => {
      const partitions = {
        'partitions made': partitionsMade.join(', ') || 'none',
        'partitions dropped': partitionsDropped.join(', ') || 'none',
      };
      const periods = closed.length === 0 ? 'No period had ended and was still open.\n' : table(closed);
      return periods + list(partitions);
    });
  }
}

@Command({ name: 'period', description: 'close periods', subCommands: [PeriodCloseCommand] })
export class PeriodCommand extends CommandGroup {}
