import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { EMBEDDED_USER, openDataFolder, type DataFolder } from '../../src/database/embedded/data-folder.js';
import { choosePostgresAccount } from '../../src/database/embedded/postgres-account.js';
import { findPostgresBinaries } from '../../src/database/embedded/postgres-binaries.js';
import { isAlive } from '../../src/database/embedded/postmaster-file.js';
import {
  runPostmaster,
  stopPostmaster,
  type Postmaster,
  type PostmasterInput,
} from '../../src/database/embedded/postmaster.js';
import { watchOver, type Undertaker } from './undertaker.js';

/** A real PostgreSQL of one test file: own port, own temporary folder, gone at the end. */
export interface TestPostgres {
  /** A first, empty database. */
  readonly url: string;
  readonly port: number;
  /** The URL of a fresh, empty database. */
  newDatabase(): Promise<string>;
  /** As a power cut for the processes: no shutdown, connections break. */
  kill9(): Promise<void>;
  /** After `kill9`, on the same port with the same data. */
  restart(): Promise<void>;
  /** Stops all its processes where they stand, until `resume`: connections stay open and say nothing. Linux only. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** For an app on it: the machine of the tests is short of CPU at times, and that is no outage. Tests of outages do without. */
export const PATIENT = { DATABASE_SILENCE_MS: '5000' };

export interface TestPostgresOptions {
  /** Waits for the disk at each commit, as in production: for measurements. Without it data survive `kill9`, but not the machine. */
  readonly fsync?: boolean;
}

/** Starts one. About half a second. */
export async function startPostgres({ fsync = false }: TestPostgresOptions = {}): Promise<TestPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cuota-pg-'));
  chmodSync(dataDir, 0o711);
  const binaries = findPostgresBinaries();
  const account = choosePostgresAccount(dataDir, binaries.postgres);
  const folder = await openDataFolder({ dataDir, binaries, account });
  const server = new PrivatePostgres(dataDir, { folder, binaries, account, fsync });
  await server.start();
  return server;
}

class PrivatePostgres implements TestPostgres {
  port = 0;
  private postmaster: Postmaster | undefined;
  private undertaker: Undertaker | undefined;
  private readonly folder: DataFolder;

  constructor(
    private readonly dataDir: string,
    private readonly input: PostmasterInput,
  ) {
    this.folder = input.folder;
  }

  get url(): string {
    return this.urlOf('postgres');
  }

  async start(): Promise<void> {
    this.postmaster = await runPostmaster(this.port === 0 ? this.input : { ...this.input, port: this.port });
    this.port = this.postmaster.port;
    this.undertaker = watchOver(this.postmaster.pid, this.dataDir);
  }

  async newDatabase(): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return this.urlOf(name);
  }

  async kill9(): Promise<void> {
    const { pid } = this.running();
    await this.undertaker?.dismiss();
    const family = [pid, ...childrenOf(pid)];
    for (const member of family) signal(member, 'SIGKILL');
    while (family.some(isAlive)) await delay(5);
  }

  restart(): Promise<void> {
    return this.start();
  }

  pause(): void {
    const { pid } = this.running();
    for (const member of [pid, ...childrenOf(pid)]) signal(member, 'SIGSTOP');
  }

  resume(): void {
    const { pid } = this.running();
    for (const member of [...childrenOf(pid), pid]) signal(member, 'SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.postmaster) {
      this.resume();
      await stopPostmaster(this.postmaster, this.folder);
    }
    await this.undertaker?.dismiss();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private running(): Postmaster {
    if (!this.postmaster) throw new Error('This test PostgreSQL was not started.');
    return this.postmaster;
  }

  private urlOf(database: string): string {
    return `postgres://${EMBEDDED_USER}:${this.folder.password}@127.0.0.1:${this.port}/${database}`;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return list
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}
