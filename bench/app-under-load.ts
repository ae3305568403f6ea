import { type ChildProcess, execFile, fork } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type FromApp } from './apps/serve.js';

const RUN_TYPESCRIPT = join(__dirname, '..', 'test', 'support', 'run-typescript.cjs');
const AUTOCANNON = require.resolve('autocannon');
const CONNECTIONS = 64;

const run = promisify(execFile);

/** What a load did to an application. */
export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of the application's process alone. */
  readonly cpuMicrosPerRequest: number;
}

/** An application in a process of its own, and the load in another. */
export class AppUnderLoad {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  static async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<AppUnderLoad> {
    const { PATH = '', HOME = '/tmp' } = process.env;
    const child = fork(join(__dirname, 'apps', `${name}.ts`), {
      execArgv: ['-r', RUN_TYPESCRIPT],
      env: { PATH, HOME, NODE_ENV: 'production', ...env },
    });
    const said = await next(child);
    if (said.kind !== 'listens') throw new Error(`${name} did not come up.`);
    return new AppUnderLoad(child, `${said.url}/work`, said.key);
  }

  /** Until the code under load has been compiled for speed: so many requests, however long they take. */
  async warmUp(requests: number): Promise<void> {
    await run(process.execPath, [AUTOCANNON, ...this.flags('-a', String(requests)), this.url]);
  }

  /** @throws where any answer was not a success. */
  async load(seconds: number): Promise<Load> {
    const before = await this.cpuMicros();
    const { stdout } = await run(process.execPath, [
      AUTOCANNON,
      ...this.flags('-d', String(seconds)),
      this.url,
    ]);
    const cpu = (await this.cpuMicros()) - before;
    const told = JSON.parse(stdout) as Record<'2xx' | 'non2xx' | 'errors' | 'duration', number> & {
      latency: { p99: number };
    };
    if (told.non2xx + told.errors > 0)
      throw new Error(`${this.url}: ${told.non2xx + told.errors} bad answers.`);
    return {
      perSecond: told['2xx'] / told.duration,
      p99Ms: told.latency.p99,
      cpuMicrosPerRequest: cpu / told['2xx'],
    };
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private flags(...amount: string[]): string[] {
    const headers = this.key === undefined ? [] : ['-H', `authorization=Bearer ${this.key}`];
    return ['-j', '-n', '-c', String(CONNECTIONS), ...amount, ...headers];
  }

  private async cpuMicros(): Promise<number> {
    const answer = next(this.child);
    this.child.send('cpu');
    const said = await answer;
    return said.kind === 'cpu' ? said.microseconds : Number.NaN;
  }
}

function next(child: ChildProcess): Promise<FromApp> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => {
      reject(new Error(`An application under load ended with ${code}.`));
    };
    child.once('exit', onExit);
    child.once('message', (message: FromApp) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
