import { CommandRunner, Option } from 'nest-commander';

import { UsageFault } from './exit-codes.js';
import { Output } from './output.js';

/** What every command takes. */
export interface ShowOptions {
  readonly json?: boolean;
}

/** As the program is called; commander's own name for it is no help to anybody. */
export const PROGRAM = 'npm run cli --';

/** A command that shows what came of it: for people, or as JSON. */
export abstract class ShowingCommand extends CommandRunner {
  /** What follows the program's name, for `--help`. */
  protected abstract readonly examples: readonly string[];

  constructor(private readonly output: Output) {
    super();
  }

  @Option({ flags: '--json', description: 'print JSON, and nothing else, on stdout' })
  asJson(): boolean {
    return true;
  }

  override setCommand(command: CommandRunner['command']): this {
    command.exitOverride();
    command.allowExcessArguments(false);
    command.showHelpAfterError('(--help tells what it takes)');
    const lines = this.examples.map((example) => `  $ ${PROGRAM} ${example}`);
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
    return super.setCommand(command);
  }

  /** Shows a value as JSON where that was asked for, else as `text` says it. */
  protected show<Value>({ json }: ShowOptions, value: Value, text: (value: Value) => string): Promise<void> {
    return json ? this.output.json(value) : this.output.text(text(value));
  }
}

/** A name under which commands stand: alone it does nothing. */
export abstract class CommandGroup extends CommandRunner {
  override setCommand(command: CommandRunner['command']): this {
    command.exitOverride();
    command.showHelpAfterError('(--help lists its commands)');
    return super.setCommand(command);
  }

  override run([unknown]: string[]): Promise<void> {
    if (unknown === undefined) return this.command.help({ error: true });
    const known = this.command.commands.map((command) => command.name()).join(', ');
    const text = `${this.command.name()} has no command ${JSON.stringify(unknown)}. It has: ${known}.`;
    return Promise.reject(new UsageFault(text));
  }
}
