import { Option, SubCommand } from 'nest-commander';

import { type ResetScope } from '../../rate-limiting/index.js';
import { ShowingCommand, type ShowOptions } from '../base.command.js';
import { UsageFault } from '../exit-codes.js';
import { Output } from '../output.js';
import { list } from '../table.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type QuotaResetForm } from './quota.forms.js';
import { type ResetAsked } from './quotas.desk.js';

const SCOPES = ['user', 'apiKey', 'workspace', 'workflow', 'all'] as const satisfies readonly ResetScope[];

@SubCommand({
  name: 'reset',
  description: 'take back what was used in the current period; holds on every server within a second',
})
export class QuotaResetCommand extends ShowingCommand {
  protected override readonly examples = [
    'quota reset --user ana@example.com --reason "outage on the 3rd"',
    'quota reset --api-key 0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10 --reason "test key"',
    'quota reset --all --reason "goodwill" --json',
  ];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  @Option({ flags: '--user <id or email>', description: 'of a user' })
  user(value: string): string {
    return value;
  }

  @Option({ flags: '--api-key <id>', description: 'of an API key' })
  apiKey(value: string): string {
    return value;
  }

  @Option({ flags: '--workspace <id>', description: 'of a workspace' })
  workspace(value: string): string {
    return value;
  }

  @Option({ flags: '--workflow <id>', description: 'of a workflow, in every workspace and of every user' })
  workflow(value: string): string {
    return value;
  }

  @Option({ flags: '--all', description: 'of everybody' })
  all(): boolean {
    return true;
  }

  @Option({ flags: '--reason <text>', description: 'why, for the audit log', required: true })
  reason(value: string): string {
    return value;
  }

  override async run(_: string[], { json, ...typed }: ShowOptions & QuotaResetForm): Promise<void> {
    const { QuotaResetForm: Form } = await import('./quota.forms.js');
    const asked = askedFor(typedValues(Form, typed));
    const done = await this.workroom.with(
      async () => ({ desk: (await import('./quotas.desk.js')).QuotasDesk }),
      (desk) => desk.reset(asked),
    );
    await this.show({ ...(json && { json }) }, done, (reset) => `Taken back:\n${list({ ...reset })}`);
  }
}

function askedFor(form: QuotaResetForm): ResetAsked {
  const [scope, another] = SCOPES.filter((known) => form[known] !== undefined);
  if (scope === undefined || another !== undefined)
    throw new UsageFault('say of whom, once: --user, --api-key, --workspace, --workflow or --all');
  const { reason } = form;
  return scope === 'all' ? { scope, reason } : { scope, id: form[scope], reason };
}
