import { Option, SubCommand } from 'nest-commander';

import { ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list, table } from '../table.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type QuotaShowForm } from './quota.forms.js';
import { type QuotaShown } from './quotas.desk.js';

@SubCommand({ name: 'show', description: "a user's limits of a month: used, reserved, left" })
export class QuotaShowCommand extends ShowingCommand {
  protected override readonly examples = [
    'quota show --user ana@example.com',
    'quota show --user 0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10 --month 2026-11 --json',
  ];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  @Option({ flags: '--user <id or email>', description: 'whose', required: true })
  user(value: string): string {
    return value;
  }

  @Option({ flags: '--month <month>', description: 'such as 2026-11 (default: the current period)' })
  month(value: string): string {
    return value;
  }

  override async run(_: string[], { json, ...typed }: ShowOptions & QuotaShowForm): Promise<void> {
    const { QuotaShowForm: Form } = await import('./quota.forms.js');
    const { user, month } = typedValues(Form, typed);
    const shown = await this.workroom.with(
      async () => ({ desk: (await import('./quotas.desk.js')).QuotasDesk }),
      (desk) => desk.show(user, month),
    );
    await this.show({ ...(json && { json }) }, shown, textOf);
  }
}

function textOf({ user, period, startsAt, endsAt, limits, totals, source }: QuotaShown): string {
  const head = { user: user.email, id: user.id, period, from: startsAt, to: endsAt, source };
  const rows = limits.map(({ name, max, used, reserved, remaining, resetAt }) => ({
    limit: name,
    max: Number(max) === 0 ? 'unlimited' : max,
    used,
    reserved,
    remaining,
    resetAt,
  }));
  return [list(head), table(rows), table(totals.byOperation.map((sum) => ({ ...sum })))].join('\n');
}
