import { type ChildProcess, execFile, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type FromApp } from './apps/serve.js';
import { nextMessage, RUN_TYPESCRIPT } from './child-message.js';

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

/** What an application is asked, over and over. */
export interface Shot {
  readonly path: string;
  /** Sent as JSON by POST; without it it is a GET. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const WORK: Shot = { path: '/work' };

/** An application in a process of its own, and the load in another. */
export class AppUnderLoad {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly shot: Shot,
  ) {}

  /** @param program a file of `bench`, such as `apps/guarded.ts`. */
  static async start(
    program: string,
    env: Readonly<Record<string, string>> = {},
    shot: Shot = WORK,
  ): Promise<AppUnderLoad> {
    const { PATH = '', HOME = '/tmp' } = process.env;
    const child = fork(join(__dirname, program), {
      execArgv: RUN_TYPESCRIPT,
      env: { PATH, HOME, NODE_ENV: 'production', ...env },
    });
    const said = await next(child);
    if (said.kind !== 'listens') throw new Error(`${program} did not come up.`);
    const authorization = said.key === undefined ? {} : { authorization: `Bearer ${said.key}` };
    return new AppUnderLoad(child, said.url, { ...shot, headers: { ...shot.headers, ...authorization } });
  }

  /** What its requests carry: its caller's key. */
  get headers(): Readonly<Record<string, string>> {
    return this.shot.headers ?? {};
  }

  /** Until the code under load has been compiled for speed: so many requests, however long they take. */
  async warmUp(requests: number): Promise<void> {
    await run(process.execPath, [AUTOCANNON, ...this.flags('-a', String(requests))]);
  }

  /** @throws where any answer was not a success. */
  async load(seconds: number): Promise<Load> {
    const before = await this.cpuMicros();
    const { stdout } = await run(process.execPath, [AUTOCANNON, ...this.flags('-d', String(seconds))]);
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

  /** The most memory that its process ever held, in MB. Linux only. */
  peakMegabytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private flags(...amount: string[]): string[] {
    const { path, body, headers = {} } = this.shot;
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const post = body === undefined ? [] : ['-m', 'POST', '-b', JSON.stringify(body)];
    const all = Object.entries({ ...json, ...headers }).flatMap(([name, value]) => [
      '-H',
      `${name}=${value}`,
    ]);
    return ['-j', '-n', '-c', String(CONNECTIONS), ...amount, ...post, ...all, `${this.url}${path}`];
  }

  private async cpuMicros(): Promise<number> {
    const answer = next(this.child);
    this.child.send('cpu');
    const said = await answer;
    return said.kind === 'cpu' ? said.microseconds : Number.NaN;
  }
}

function next(child: ChildProcess): Promise<FromApp> {
  return nextMessage(child, 'An application under load');
}
