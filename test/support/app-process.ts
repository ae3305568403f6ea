import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PATIENT } from './postgres.js';

const BUILT = join(__dirname, '..', '..', 'dist', 'src');

/** A built program as its own process, as an operator runs it: it can be killed. */
export interface BuiltProcess {
  readonly output: () => string;
  /** The signal, and the exit it leads to. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The server as its own process. */
export interface AppProcess extends BuiltProcess {
  readonly url: string;
}

/** Starts the built server; rejects with what it said where it does not come up. */
export async function startApp(env: Readonly<Record<string, string>>): Promise<AppProcess> {
  const { said, ...server } = await startBuilt('main.js', env, /listens on (http:\/\/\S+)/);
  return { ...server, url: said.replace('[::1]', '127.0.0.1') };
}

/** The worker as its own process; where it has no port its address is empty. */
export type WorkerProcess = AppProcess;

/** Starts the built worker. */
export async function startWorker(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const { said, ...worker } = await startBuilt('worker.js', env, /works at messages(.*)\n/);
  return { ...worker, url: /http:\/\/[^/]+/.exec(said)?.[0].replace('[::1]', '127.0.0.1') ?? '' };
}

async function startBuilt(
  file: string,
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<BuiltProcess & { readonly said: string }> {
  const { PATH = '', HOME = '/tmp' } = process.env;
  const child = spawn(process.execPath, [join(BUILT, file)], {
    env: { PATH, HOME, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...PATIENT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const match = ready.exec(output);
      if (match) resolve(match[1] ?? '');
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then((code) => {
      reject(new Error(`${file} ended with ${code} before it was ready:\n${output}`));
    });
  });
  return { said, output: () => output, stop: (signal = 'SIGTERM') => stop(child, exited, signal) };
}

async function stop(child: ChildProcess, exited: Promise<number | null>, signal: NodeJS.Signals) {
  child.kill(signal);
  return exited;
}
