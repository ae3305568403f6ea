import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const CLI = join(__dirname, '..', '..', 'dist', 'src', 'cli.js');

/** What a command said, and how it ended. */
export interface CommandDone {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON; throws where there is anything else in it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what it expects of foreign JSON
  json(): any;
}

/** Runs the built command line as a process of its own, as an operator does. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin = '',
): Promise<CommandDone> {
  const { PATH = '', HOME = '/tmp' } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { env: { PATH, HOME, ...env } });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr, json: () => JSON.parse(stdout) };
}
