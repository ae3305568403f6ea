import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { watchOver, type Undertaker } from './undertaker.js';

/** A real Redis of one test file: own port, own temporary folder, gone at the end. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Everything not on disk is lost, as are the connections. */
  kill9(): Promise<void>;
  /** After `kill9`, on the same port: empty, unless it was started with `appendonly`. */
  restart(): Promise<void>;
  /** Stops it where it stands, until `resume`: connections stay open and say nothing. */
  pause(): void;
  resume(): void;
  flushAll(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestRedisOptions {
  /** Keeps every write on disk, so that it survives `kill9`. */
  readonly appendonly?: boolean;
  /** When those writes reach the disk: at each one unless said, or once a second as servers are mostly run. */
  readonly appendfsync?: 'always' | 'everysec';
  /** More arguments for redis-server. */
  readonly args?: readonly string[];
}

const ATTEMPTS = 3;

const MISSING = 'These tests need a redis-server on PATH:   apt-get install -y redis-server';

/** `describe` for tests that need Redis: skipped aloud where there is none, and failed there when CI is set. */
export function describeWithRedis(name: string, suite: () => void): void {
  if (spawnSync('redis-server', ['--version']).status === 0) {
    describe(name, suite);
    return;
  }
  process.stderr.write(`\n${MISSING}\n\n`);
  if (process.env.CI !== 'true') {
    describe.skip(name, suite);
    return;
  }
  describe(name, () => {
    it('finds a redis-server', () => {
      throw new Error(MISSING);
    });
  });
}

/** Starts one, in some ten milliseconds. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  for (let attempt = 1; ; attempt++) {
    const server = new PrivateRedis(await freePort(), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      // Between the look for a port that is free and its use another test may have taken it.
      await server.stop();
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

class PrivateRedis implements TestRedis {
  private readonly folder = mkdtempSync(join(tmpdir(), 'cuota-redis-'));
  private server: ChildProcess | undefined;
  private undertaker: Undertaker | undefined;

  constructor(
    readonly port: number,
    private readonly options: TestRedisOptions,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const server = spawn('redis-server', this.serverArguments(), { stdio: 'ignore' });
    this.server = server;
    if (server.pid === undefined) throw new Error(MISSING);
    this.undertaker = watchOver(server.pid, this.folder);
    while (!(await this.answers())) {
      if (server.exitCode !== null)
        throw new Error(`redis-server on port ${this.port} ended with ${server.exitCode}`);
      await delay(5);
    }
  }

  async kill9(): Promise<void> {
    await this.undertaker?.dismiss();
    const { server } = this;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  pause(): void {
    this.server?.kill('SIGSTOP');
  }

  resume(): void {
    this.server?.kill('SIGCONT');
  }

  async flushAll(): Promise<void> {
    const client = new Redis(this.url);
    try {
      await client.flushall();
    } finally {
      client.disconnect();
    }
  }

  async stop(): Promise<void> {
    await this.kill9();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private serverArguments(): string[] {
    const { appendonly: kept = false, appendfsync = 'always' } = this.options;
    const appendonly = kept ? ['--appendonly', 'yes', '--appendfsync', appendfsync] : [];
    return [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.folder,
      '--save',
      '',
      ...appendonly,
      ...(this.options.args ?? []),
    ];
  }

  /**
   * Whether this very server is ready, and not another that took its port first. Over a bare socket: a client that was
   * refused keeps its timers for a while.
   */
  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\nINFO server\r\n'));
      const end = (answered: boolean): void => {
        socket.destroy();
        resolve(answered);
      };
      let said = '';
      socket.on('data', (data) => {
        said += data.toString();
        if (!said.startsWith('+')) end(false);
        const [, pid] = /process_id:(\d+)\r\n/.exec(said) ?? [];
        if (pid !== undefined) end(said.startsWith('+PONG') && Number(pid) === this.server?.pid);
      });
      socket.once('error', () => {
        end(false);
      });
    });
  }
}
