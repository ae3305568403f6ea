import { Command, Option, SubCommand } from 'nest-commander';

import { CommandGroup, ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list } from '../table.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type NewKeyForm } from './account.forms.js';

@SubCommand({ name: 'create', description: 'make an API key for a user; it is shown this once' })
export class KeyCreateCommand extends ShowingCommand {
  protected override readonly examples = [
    'key create --user ana@example.com --name web',
    'key create --user ana@example.com --name trial --expires-at 2027-01-31T00:00:00Z --json',
  ];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  @Option({ flags: '--user <id or email>', description: 'whose key it is', required: true })
  user(value: string): string {
    return value;
  }

  @Option({ flags: '--name <name>', description: 'what the key is called', required: true })
  keyName(value: string): string {
    return value;
  }

  @Option({ flags: '--expires-at <instant>', description: 'when it ends (default: never)' })
  expiresAt(value: string): string {
    return value;
  }

  @Option({ flags: '--reason <text>', description: 'why, for the audit log' })
  reason(value: string): string {
    return value;
  }

  override async run(_: string[], { json, ...typed }: ShowOptions & NewKeyForm): Promise<void> {
    const { NewKeyForm: Form } = await import('./account.forms.js');
    const { user, name, expiresAt, reason } = typedValues(Form, typed);
    const ends = expiresAt === undefined ? undefined : new Date(expiresAt);
    const made = await this.workroom.with(
      async () => ({ desk: (await import('./accounts.desk.js')).AccountsDesk }),
      (desk) => desk.createKey({ user, name, expiresAt: ends, reason }),
    );
    await this.show({ ...(json && { json }) }, made, (key) =>
      list({ id: key.id, user: key.user.email, name: key.name, key: key.key }),
    );
  }
}

@Command({ name: 'key', description: 'make API keys', subCommands: [KeyCreateCommand] })
export class KeyCommand extends CommandGroup {}
