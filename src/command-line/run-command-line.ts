import { CommandFactory } from 'nest-commander';

import { CommandLineModule } from './command-line.module.js';
import { exitCodeOf, failureLines, failureShown } from './exit-codes.js';
import { Output } from './output.js';
import { Workroom } from './workroom.js';

/** What may still be open when all is done must not keep the shell waiting. */
const LINGER_MS = 5_000;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Reads the command of `process.argv` and runs it. Only what was asked for goes to stdout; failures are told on stderr, and as JSON where that was asked for. */
export async function runCommandLine(): Promise<void> {
  // Who reads may have seen enough (`| head`): the write that failed tells so.
  process.stdout.on('error', () => undefined);
  const app = await CommandFactory.createWithoutRunning(CommandLineModule, {
    logger: false,
    errorHandler: (error) => {
      throw error;
    },
    serviceErrorHandler: (error) => {
      fail(error, app.get(Output));
    },
  });
  endOnSignals(app.get(Workroom));
  await CommandFactory.runApplication(app);
  await app.close();
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** For people on stderr; where JSON was asked for, however wrongly, on stdout as well: who reads it gets one document. */
function fail(error: Error, output: Output): void {
  process.exitCode = exitCodeOf(error);
  for (const line of failureLines(error)) process.stderr.write(`${line}\n`);
  const shown = failureShown(error);
  // What broke off on its way would be no JSON with a second document behind it either.
  if (shown === undefined || output.hasBegun || !process.argv.includes('--json')) return;
  output.json(shown).catch(() => undefined);
}

/** What was started for the command, such as an embedded PostgreSQL, is stopped first. */
function endOnSignals(workroom: Workroom): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void workroom.close().finally(() => process.exit(128 + SIGNAL_NUMBERS[signal]));
    });
  }
}
