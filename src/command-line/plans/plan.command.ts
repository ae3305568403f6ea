import { Command, SubCommand } from 'nest-commander';

import { CommandGroup, ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { table } from '../table.js';
import { Workroom } from '../workroom.js';

@SubCommand({ name: 'list', description: 'the plans and their limits' })
export class PlanListCommand extends ShowingCommand {
  protected override readonly examples = ['plan list', 'plan list --json'];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  override async run(_: string[], options: ShowOptions): Promise<void> {
    const plans = await this.workroom.with(
      async () => ({ desk: (await import('./plans.desk.js')).PlansDesk }),
      (desk) => desk.list(),
    );
    await this.show(options, plans, ({ items }) =>
      table(
        items.map((plan) => ({
          id: plan.id,
          name: plan.name,
          'tokens/month': plan.monthlyTokenLimit,
          'calls/month': plan.monthlyCallLimit,
          'USD/month': plan.monthlyCostLimitUsd,
          scripts: plan.scriptGenerationLimit,
          images: plan.imageGenerationLimit,
          videos: plan.videoGenerationLimit,
          'requests/minute': plan.requestsPerMinute,
        })),
      ),
    );
  }
}

@Command({ name: 'plan', description: 'show plans', subCommands: [PlanListCommand] })
export class PlanCommand extends CommandGroup {}
