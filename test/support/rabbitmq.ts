import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from './free-port.js';
import { watchOver, type Undertaker } from './undertaker.js';

/** A real RabbitMQ of one test file: own ports, own temporary folder, gone at the end. */
export interface TestRabbit {
  readonly url: string;
  /** As a power cut for the process: connections break; what is durable is on disk. */
  kill9(): Promise<void>;
  /** After `kill9`, on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's wrapper on PATH would change the user. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const MISSING = 'These tests need a RabbitMQ:   apt-get install -y rabbitmq-server';
const START_MS = 60_000;

/** `describe` for tests that need RabbitMQ: skipped aloud where there is none, and failed there when CI is set. */
export function describeWithRabbit(name: string, suite: () => void): void {
  if (existsSync(SERVER)) {
    describe(name, suite);
    return;
  }
  process.stderr.write(`\n${MISSING}\n\n`);
  if (process.env.CI !== 'true') {
    describe.skip(name, suite);
    return;
  }
  describe(name, () => {
    it('finds a RabbitMQ', () => {
      throw new Error(MISSING);
    });
  });
}

/** Starts one. Three seconds or so. */
export async function startRabbit(): Promise<TestRabbit> {
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const server = new PrivateRabbit({ port, distPort, epmdPort });
  await server.restart();
  return server;
}

interface Ports {
  readonly port: number;
  /** Of Erlang, between its nodes. */
  readonly distPort: number;
  /** Of Erlang's port mapper, which is this server's own too. */
  readonly epmdPort: number;
}

class PrivateRabbit implements TestRabbit {
  private readonly folder = mkdtempSync(join(tmpdir(), 'cuota-rabbit-'));
  private server: ChildProcess | undefined;
  private mapper: ChildProcess | undefined;
  private undertakers: Undertaker[] = [];

  constructor(private readonly ports: Ports) {}

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.ports.port}`;
  }

  async restart(): Promise<void> {
    this.mapper ??= this.startMapper();
    const server = spawn(SERVER, [], { env: this.environment(), stdio: 'ignore', detached: true });
    this.server = server;
    if (server.pid === undefined) throw new Error(MISSING);
    this.undertakers.push(watchOver(-server.pid, this.folder));
    const deadline = performance.now() + START_MS;
    while (!(await this.answers())) {
      if (server.exitCode !== null || performance.now() > deadline)
        throw new Error(`rabbitmq-server on port ${this.ports.port} did not come up (${server.exitCode}).`);
      await delay(20);
    }
  }

  async kill9(): Promise<void> {
    const { server } = this;
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    // The script, the virtual machine, and what that started.
    process.kill(-server.pid, 'SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill9();
    this.mapper?.kill('SIGKILL');
    for (const undertaker of this.undertakers) await undertaker.dismiss();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private startMapper(): ChildProcess {
    const args = ['-port', String(this.ports.epmdPort), '-address', '127.0.0.1'];
    const mapper = spawn('epmd', args, { stdio: 'ignore' });
    if (mapper.pid === undefined) throw new Error(MISSING);
    this.undertakers.push(watchOver(mapper.pid, this.folder));
    return mapper;
  }

  private environment(): Record<string, string> {
    const { PATH = '' } = process.env;
    const { port, distPort, epmdPort } = this.ports;
    return {
      PATH,
      HOME: this.folder,
      ERL_EPMD_PORT: String(epmdPort),
      RABBITMQ_NODENAME: `cuota-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distPort),
      RABBITMQ_MNESIA_BASE: join(this.folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(this.folder, 'log'),
      RABBITMQ_CONFIG_FILE: join(this.folder, 'none'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(this.folder, 'plugins'),
      // One scheduler: it shares two cores with everything else.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1',
    };
  }

  /** Over a bare socket: a server that is up answers AMQP's first bytes with a method frame. */
  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.ports.port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
      const end = (answered: boolean): void => {
        socket.destroy();
        resolve(answered);
      };
      socket.once('data', (data) => {
        end(data[0] === 1);
      });
      socket.once('error', () => {
        end(false);
      });
    });
  }
}
