import { text } from 'node:stream/consumers';

import { Command, Option, SubCommand } from 'nest-commander';

import { CommandGroup, ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list } from '../table.js';
import { typedValues } from '../typed-values.js';
import { Workroom } from '../workroom.js';

import { type NewUserForm } from './account.forms.js';

interface UserCreateOptions extends ShowOptions, Omit<NewUserForm, 'password'> {
  readonly passwordStdin?: boolean;
}

@SubCommand({ name: 'create', description: 'make a user; without a password it has API keys only' })
export class UserCreateCommand extends ShowingCommand {
  protected override readonly examples = [
    'user create --email ana@example.com --plan pro',
    'user create --email boss@example.com --role admin --reason "first operator"',
    'user create --email ana@example.com --password-stdin < password.txt',
  ];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  @Option({
    flags: '--email <address>',
    description: 'the address, which nobody else may have',
    required: true,
  })
  email(value: string): string {
    return value;
  }

  @Option({ flags: '--name <name>', description: 'how the user is called' })
  userName(value: string): string {
    return value;
  }

  @Option({ flags: '--plan <id>', description: 'the plan (default: free)' })
  plan(value: string): string {
    return value;
  }

  @Option({ flags: '--role <role>', description: 'user or admin (default: user)' })
  role(value: string): string {
    return value;
  }

  @Option({
    flags: '--password-stdin',
    description: 'read a password from stdin, where no other process sees it',
  })
  passwordStdin(): boolean {
    return true;
  }

  @Option({ flags: '--reason <text>', description: 'why, for the audit log' })
  reason(value: string): string {
    return value;
  }

  override async run(_: string[], options: UserCreateOptions): Promise<void> {
    const { json, passwordStdin, ...typed } = options;
    const password = passwordStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
    const { NewUserForm: Form } = await import('./account.forms.js');
    const { plan, ...user } = typedValues(Form, {
      ...typed,
      ...(password === undefined ? {} : { password }),
    });
    const made = await this.workroom.with(
      async () => ({ desk: (await import('./accounts.desk.js')).AccountsDesk }),
      (desk) => desk.createUser({ ...user, planId: plan }),
    );
    await this.show({ ...(json && { json }) }, made, ({ id, email, planId, role }) =>
      list({ id, email, plan: planId, role }),
    );
  }
}

@Command({ name: 'user', description: 'make users', subCommands: [UserCreateCommand] })
export class UserCommand extends CommandGroup {}
