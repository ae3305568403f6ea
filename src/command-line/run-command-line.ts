import { CommandFactory } from 'nest-commander';

import { CommandLineModule } from './command-line.module.js';
import { exitCodeOf, failureLines } from './exit-codes.js';
import { Workroom } from './workroom.js';

/** What may still be open when all is done must not keep the shell waiting. */
const LINGER_MS = 5_000;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Reads the command of `process.argv` and runs it. Only what was asked for goes to stdout; failures are told on stderr. */
export async function runCommandLine(): Promise<void> {
  // Who reads may have seen enough (`| head`): the write that failed tells so.
  process.stdout.on('error', () => undefined);
  const app = await CommandFactory.createWithoutRunning(CommandLineModule, {
    logger: false,
    errorHandler: (error) => {
      throw error;
    },
    serviceErrorHandler: fail,
  });
  endOnSignals(app.get(Workroom));
  await CommandFactory.runApplication(app);
  await app.close();
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function fail(error: Error): void {
  process.exitCode = exitCodeOf(error);
  for (const line of failureLines(error)) process.stderr.write(`${line}\n`);
}

/** What was started for the command, such as an embedded PostgreSQL, is stopped first. */
function endOnSignals(workroom: Workroom): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void workroom.close().finally(() => process.exit(128 + SIGNAL_NUMBERS[signal]));
    });
  }
}
