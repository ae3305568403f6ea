import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '..', '..', 'dist', 'src', 'main.js');

/** The server as its own process, as an operator runs it: it can be killed. */
export interface AppProcess {
  readonly url: string;
  readonly output: () => string;
  /** The signal, and the exit it leads to. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the built server; rejects with what it said where it does not come up. */
export async function startApp(env: Readonly<Record<string, string>>): Promise<AppProcess> {
  const { PATH = '', HOME = '/tmp' } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH, HOME, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const match = /listens on (http:\/\/\S+)/.exec(output);
      if (match?.[1]) resolve(match[1].replace('[::1]', '127.0.0.1'));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then((code) => {
      reject(new Error(`The server ended with ${code} before it listened:\n${output}`));
    });
  });
  return { url, output: () => output, stop: (signal = 'SIGTERM') => stop(child, exited, signal) };
}

async function stop(child: ChildProcess, exited: Promise<number | null>, signal: NodeJS.Signals) {
  child.kill(signal);
  return exited;
}
