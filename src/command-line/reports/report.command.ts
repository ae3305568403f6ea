import { Command, Option, SubCommand } from 'nest-commander';

import { CommandGroup, ShowingCommand, type ShowOptions } from '../base.command.js';
import { UsageFault } from '../exit-codes.js';
import { Output } from '../output.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type ReportForm } from './report.forms.js';

@SubCommand({ name: 'usage', description: 'what was used, by any keys, over all users' })
export class ReportUsageCommand extends ShowingCommand {
  protected override readonly examples = [
    'report usage --month 2026-11 --group-by user',
    'report usage --from 2026-11-01 --to 2026-11-15 --group-by day,provider --format csv > usage.csv',
    'report usage --month 2026-11 --group-by plan,operation --json',
  ];

  constructor(
    private readonly stdout: Output,
    private readonly workroom: Workroom,
  ) {
    super(stdout);
  }

  @Option({
    flags: '--month <month>',
    description: 'a whole month, such as 2026-11 (default: this month so far)',
  })
  month(value: string): string {
    return value;
  }

  @Option({ flags: '--from <day>', description: 'instead of a month: the first day' })
  from(value: string): string {
    return value;
  }

  @Option({ flags: '--to <day>', description: 'the last day, which is part of the report (default: today)' })
  to(value: string): string {
    return value;
  }

  @Option({
    flags: '--group-by <keys>',
    description:
      'user, plan, apiKey, workspace, workflow, operation, provider, model, day, month; several with commas between (default: one sum)',
  })
  groupBy(value: string): string {
    return value;
  }

  @Option({ flags: '--format <format>', description: 'table, json or csv (default: table)' })
  format(value: string): string {
    return value;
  }

  override async run(_: string[], { json, ...typed }: ShowOptions & Partial<ReportForm>): Promise<void> {
    const { ReportForm: Form } = await import('./report.forms.js');
    const { month, format, ...query } = typedValues(Form, typed);
    if (json && typed.format !== undefined && format !== 'json')
      throw new UsageFault('--json and --format say different things: give one of them');
    const asked = { ...query, ...(month === undefined ? {} : daysOf(month, query)) };
    await this.workroom.with(
      async () => ({ desk: (await import('./reports.desk.js')).ReportsDesk }),
      (desk) => desk.usage(asked, json ? 'json' : format, this.stdout),
    );
  }
}

function daysOf(month: string, { from, to }: Pick<ReportForm, 'from' | 'to'>): { from: string; to: string } {
  if (from !== undefined || to !== undefined)
    throw new UsageFault('--month is a whole month: give --from and --to instead, not beside it');
  const [year, number] = month.split('-').map(Number);
  const last = new Date(Date.UTC(year ?? 0, number ?? 0, 0));
  return { from: `${month}-01`, to: last.toISOString().slice(0, 10) };
}

@Command({ name: 'report', description: 'report what was used', subCommands: [ReportUsageCommand] })
export class ReportCommand extends CommandGroup {}
