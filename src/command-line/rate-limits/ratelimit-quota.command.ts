import { Option, SubCommand } from 'nest-commander';

import { ShowingCommand, type ShowOptions } from '../base.command.js';
import { UsageFault } from '../exit-codes.js';
import { Output } from '../output.js';
import { list, table } from '../table.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type WorkflowForm } from './workflow.form.js';
import { type WorkflowShown } from './workflow-quota.desk.js';

type QuotaOptions = ShowOptions & Pick<WorkflowForm, 'workspace' | 'user'>;

@SubCommand({
  name: 'quota',
  arguments: '<workflow-id>',
  argsDescription: { 'workflow-id': 'as in X-Workflow-Id' },
  description:
    "a workflow's quota: used, left, and its window; in each workspace, or of each user, that used it",
})
export class RateLimitQuotaCommand extends ShowingCommand {
  protected override readonly examples = [
    'ratelimit quota my-workflow-id',
    'ratelimit quota my-workflow-id --workspace acme --json',
    'ratelimit quota my-workflow-id --user ana@example.com',
  ];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  @Option({ flags: '--workspace <id>', description: 'only within this workspace' })
  workspace(value: string): string {
    return value;
  }

  @Option({ flags: '--user <id or email>', description: "only this user's, outside of workspaces" })
  user(value: string): string {
    return value;
  }

  override async run([workflow = '']: string[], { json, ...typed }: QuotaOptions): Promise<void> {
    const { WorkflowForm: Form } = await import('./workflow.form.js');
    const { workflow: workflowId, workspace, user } = typedValues(Form, { ...typed, workflow });
    if (workspace !== undefined && user !== undefined)
      throw new UsageFault('a workflow is of a workspace or of a user: give --workspace or --user');
    const found = await this.workroom.with(
      async () => {
        const { WorkflowQuotaModule } = await import('./workflow-quota.module.js');
        return {
          desk: (await import('./workflow-quota.desk.js')).WorkflowQuotaDesk,
          modules: [WorkflowQuotaModule],
        };
      },
      (desk) => desk.show({ workflowId, workspaceId: workspace, user }),
    );
    await this.show({ ...(json && { json }) }, found, textOf);
  }
}

function textOf({ workflowId, source, items }: WorkflowShown): string {
  const rows = items.map((item) => ({
    workspace: item.workspaceId,
    user: item.userId ?? item.apiKeyId,
    limit: item.name,
    max: Number(item.max) === 0 ? 'unlimited' : item.max,
    used: item.used,
    reserved: item.reserved,
    remaining: item.remaining,
    enforcement: item.enforcement,
    from: item.windowStart,
    to: item.windowEnd,
  }));
  return `${list({ workflow: workflowId, source })}\n${table(rows)}`;
}
